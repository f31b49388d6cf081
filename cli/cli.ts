#!/usr/bin/env node
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock, systemTimer } from '../functions/core/time.ts';
import { main } from './main.ts';

const { stdin, stdout, stderr, env } = process;

process.exitCode = await main(process.argv.slice(2), {
  env,
  stdin,
  out: (text) => stdout.write(text),
  err: (text) => stderr.write(text),
  person: { out: stdout.isTTY === true, err: stderr.isTTY === true },
  // `hasColors` looks at NO_COLOR and TERM.
  colour: {
    out: stdout.isTTY === true && stdout.hasColors(),
    err: stderr.isTTY === true && stderr.hasColors(),
  },
  clock: systemClock,
  timer: systemTimer,
  sleep: (seconds, signal) => sleep(seconds * 1000, undefined, signal ? { signal } : {}),
});
