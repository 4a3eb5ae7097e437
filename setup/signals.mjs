/**
 * Passes our signals on to the child, each once.
 * Ctrl-C and the closing of a terminal reach every process of its foreground group, so the child has already had
 * them: passing them on would be a second Ctrl-C, which programs take for "at once, without order". npm, above us,
 * passes them on yet again. A child that was counted on to have it and still lives after ten seconds gets SIGTERM.
 * When npm above us is killed (kill -9), nobody tells us: we look whether our parent changed.
 */
import { readFileSync } from 'node:fs';

const REPEAT_MS = 1_000;
const TRUST_MS = 10_000;
const PARENT_LOOK_MS = 1_000;

/** Whether we are in the terminal's foreground process group (proc(5): pgrp is field 5, tpgid field 8). */
function terminalSignalsOurGroup() {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[2] === fields[5];
  } catch {
    return process.stdin.isTTY === true;
  }
}

/** @param {import('node:child_process').ChildProcess} child */
export function forwardSignals(child) {
  const startedInTerminal = terminalSignalsOurGroup(); // asked now: at a hang-up the terminal is already gone
  /** @type {Map<string, number>} */
  const lastMs = new Map();
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => {
      const now = Date.now();
      const repeated = now - (lastMs.get(signal) ?? 0) < REPEAT_MS;
      lastMs.set(signal, now);
      if (repeated) return;
      const childHasIt = signal === 'SIGINT' ? terminalSignalsOurGroup() : signal === 'SIGHUP' && startedInTerminal;
      if (childHasIt) setTimeout(() => child.kill('SIGTERM'), TRUST_MS).unref();
      else child.kill(signal);
    });
  }
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    if (lastMs.size === 0) child.kill('SIGTERM');
  }, PARENT_LOOK_MS);
  look.unref();
}
