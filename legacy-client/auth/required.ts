/**
 * Check that a scheme was given all that it needs: from an environment it often was not.
 *
 * @throws TypeError naming every setting that is missing or empty.
 */
export function requireSettings(
  scheme: string,
  settings: Readonly<Record<string, string | undefined>>,
): void {
  const missing = Object.entries(settings).flatMap(([name, value]) =>
    typeof value === 'string' && value !== '' ? [] : [name],
  );
  if (missing.length === 0) return;
  throw new TypeError(`auth.${scheme} needs ${missing.join(', ')}: missing or empty`);
}
