#!/usr/bin/env node
import { runCommand } from './program';

/** What a configuration has left open must not keep a command from ending. */
const patienceMs = 2000;

void runCommand(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
  setTimeout(() => process.exit(), patienceMs).unref();
});
