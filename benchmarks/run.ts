import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { closeBareConnections } from './bare-crm';
import { markdown } from './report';
import { scenarios } from './scenarios';
import type { Scenario } from './scenarios/scenario';
import { openStage } from './stage';

/** Measure, and print what was measured as Markdown. */
async function main(): Promise<void> {
  const chosen = chosenScenarios();
  const stage = await openStage();
  try {
    console.log(`Node ${process.version}, ${availableParallelism()} processors\n`);
    for (const scenario of chosen) {
      const begun = performance.now();
      for (const result of await scenario.run(stage)) console.log(markdown(result));
      console.error(`${scenario.name}: ${((performance.now() - begun) / 1000).toFixed(0)} s`);
    }
  } finally {
    closeBareConnections();
    await stage.close();
  }
}

function chosenScenarios(): readonly Scenario[] {
  const { values } = parseArgs({ options: { only: { type: 'string', multiple: true } } });
  const { only } = values;
  if (only === undefined) return scenarios;
  const names = scenarios.map(({ name }) => name);
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new Error(`There is no scenario ${unknown}, only ${names.join(', ')}.`);
  }
  return scenarios.filter(({ name }) => only.includes(name));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
