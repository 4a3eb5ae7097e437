/** The words of `estafette trust-list`; what they do is loaded when they are used. */
import type { Command } from 'commander';

const JSON_FLAG = ['--json', 'print JSON, one object a line'] as const;

/** Who may sign a list, where no file of trust spaces says so. */
const withSigner = (command: Command): Command =>
  command
    .option('--space <name>', 'trust space; default: the first one with a trust list')
    .option('--authorities <pem>', 'authorities above the signer; default: those of the space')
    .option('--signer <name>', 'common name of the signer; default: that of the space')
    .option(...JSON_FLAG);

/** Adds them; the caller finishes them like all others. */
export function addTrustListCommands(program: Command): void {
  const trustList = program
    .command('trust-list')
    .description('the signed list of domains and operators of a trust space');
  withSigner(trustList.command('show'))
    .description('show the list that counts now, as it was accepted last')
    .option('--domain <domain>', 'show the names of the operators of this domain')
    .action(async (options) => (await import('./commands/trust-list.ts')).showTrustList(options));
  withSigner(trustList.command('verify <file>'))
    .description('check a list file as the gateway would')
    .action(async (file: string, options) => (await import('./commands/trust-list.ts')).verifyTrustList(file, options));
  withSigner(trustList.command('diff <old> <new>'))
    .description('say which domains and names came, went or changed')
    .option('--unverified', 'compare what the files say, whoever signed them')
    .action(async (before: string, after: string, options) =>
      (await import('./commands/trust-list.ts')).diffTrustLists(before, after, options),
    );
}
