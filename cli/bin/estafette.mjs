#!/usr/bin/env node
/**
 * `npx estafette …`: the command line, whatever Node the machine has. The set-up brings what is missing and runs the
 * TypeScript entry on a Node that can; commands that need no server are not made to wait for a redis-server.
 */
const SERVING = ['start', 'gateway', 'relay', 'demo', 'doctor'];
const words = process.argv.slice(2);
const options = SERVING.includes(words[0] ?? '') ? [] : ['--without-redis'];
process.argv.splice(2, process.argv.length, ...options, '--', 'cli/src/main.ts', ...words);
await import('../../setup/run.mjs');
