/** The names of attributes in a target's description. [MS-NLMP] 2.2.2.1 */
export const targetAttribute = {
  end: 0,
  computer: 1,
  domain: 2,
  flags: 6,
  timestamp: 7,
} as const;

/** Of {@link targetAttribute}`.flags`: the message carries a check of all three messages. */
export const MESSAGES_ARE_CHECKED = 2;

/** A target's description: attributes in their order. */
export type TargetInfo = ReadonlyMap<number, Buffer>;

/**
 * Read a target's description.
 *
 * @throws RangeError when it is cut off.
 */
export function readTargetInfo(bytes: Buffer): TargetInfo {
  const attributes = new Map<number, Buffer>();
  for (let at = 0; at < bytes.length;) {
    if (at + 4 > bytes.length) throw new RangeError('The target info is cut off');
    const id = bytes.readUInt16LE(at);
    if (id === targetAttribute.end) break;
    const length = bytes.readUInt16LE(at + 2);
    if (at + 4 + length > bytes.length) throw new RangeError('The target info is cut off');
    attributes.set(id, bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return attributes;
}

/** Write a target's description. */
export function writeTargetInfo(attributes: TargetInfo): Buffer {
  const parts = [...attributes, [targetAttribute.end, Buffer.alloc(0)] as const];
  return Buffer.concat(
    parts.flatMap(([id, value]) => {
      const head = Buffer.alloc(4);
      head.writeUInt16LE(id, 0);
      head.writeUInt16LE(value.length, 2);
      return [head, value];
    }),
  );
}
