/**
 * The `estafette` command. Exit codes: 0 done, 1 it failed (one sentence on standard error), 2 wrong use or wrong
 * setting, 3 nothing known of what was asked. Every command has --help and --json.
 */
import { Command, CommanderError, Option } from 'commander';
import { explain, PlainError } from './plain-error.ts';

const JSON_FLAG = ['--json', 'print JSON, one object a line'] as const;
const EXIT_CODES =
  '\nExit codes: 0 done; 1 failed, with one sentence on standard error; 2 wrong use or setting; 3 nothing known of it.';

const program = new Command('estafette')
  .description(
    'Secure mail gateway: signed and encrypted letters become short-lived conversations, answers leave as secure mail.',
  )
  .version('0.1.0')
  .addHelpText('after', EXIT_CODES)
  .exitOverride();

program
  .command('start')
  .description('run everything in this process: gateway, relay, web app, and the demo')
  .option(...JSON_FLAG)
  .action(async (options: { json?: boolean }) =>
    (await import('./commands/start.ts')).serve(['relay', 'gateway'], { json: options.json === true }),
  );

for (const role of ['gateway', 'relay'] as const) {
  program
    .command(role)
    .description(
      role === 'gateway'
        ? 'run the mail side only (needs ESTAFETTE_REDIS_URL shared with a relay)'
        : 'run a relay node with the web app only',
    )
    .option(...JSON_FLAG)
    .action(async (options: { json?: boolean }) =>
      (await import('./commands/start.ts')).serve([role], { json: options.json === true }),
    );
}

program
  .command('demo')
  .description('send the demo letters, wait for the answer, show it opened and verified by openssl')
  .option('--auto', 'give the answer itself')
  .option(...JSON_FLAG)
  .action(async (options: { auto?: boolean; json?: boolean }) => (await import('./commands/demo.ts')).demo(options));

program
  .command('doctor')
  .description('check that this machine and these settings can run Estafette')
  .option(...JSON_FLAG)
  .action(async (options: { json?: boolean }) => (await import('./commands/doctor.ts')).doctor(options));

const mailbox = program.command('mailbox').description('the mailboxes this gateway hosts');
mailbox
  .command('add <address>')
  .description('host a mailbox, with its key from a PKCS#12 file (or from the demo authority)')
  .requiredOption('--name <name>', 'name shown to correspondents')
  .addOption(
    new Option('--kind <kind>', 'personal, organizational, application or practice')
      .choices(['PER', 'ORG', 'APP', 'CAB'])
      .default('ORG'),
  )
  .option('--p12 <file>', 'PKCS#12 file with key, certificate and chain')
  .option('--password-file <file>', 'file that holds its password')
  .option(...JSON_FLAG)
  .action(async (address: string, options) => (await import('./commands/mailbox.ts')).addMailbox(address, options));
mailbox
  .command('list')
  .description('list the mailboxes')
  .option(...JSON_FLAG)
  .action(async (options: { json?: boolean }) => (await import('./commands/mailbox.ts')).listMailboxes(options));

program
  .command('enrol <address>')
  .description('print a one-time enrolment link and QR for a phone')
  .option('--person <name>', 'who will use the device')
  .option(...JSON_FLAG)
  .action(async (address: string, options) => (await import('./commands/enrol.ts')).enrol(address, options));

program
  .command('chat <address>')
  .description('a terminal device: prints events, takes answers on standard input')
  .option('--person <name>', 'who is at the terminal')
  .option(...JSON_FLAG)
  .action(async (address: string, options) => (await import('./commands/chat.ts')).chat(address, options));

program
  .command('inspect <file...>')
  .description('open mails without delivering them and say what the gateway would say')
  .option('--anchors <pem-or-folder>', 'trust anchors and intermediates; default: those of the settings or of the demo')
  .option('--crls <file-or-folder>', 'revocation lists')
  .option('--key <p12>', 'key that may open them')
  .option('--password-file <file>', 'file that holds the password of --key')
  .option('--for <address>', 'open with the keys of this hosted mailbox')
  .option('--at <time>', 'judge as at this ISO 8601 time; default: now')
  .option('--space <name>', 'trust space to judge by; default: that of the settings')
  .option(...JSON_FLAG)
  .action(async (files: string[], options) => (await import('./commands/inspect.ts')).inspect(files, options));

program
  .command('trace <id>')
  .description('the timeline of a letter or a reply, by our id or its Message-ID')
  .option(...JSON_FLAG)
  .action(async (id: string, options) => (await import('./commands/trace.ts')).trace(id, options));

for (const command of [...program.commands, ...mailbox.commands])
  command.addHelpText('after', EXIT_CODES).exitOverride();

try {
  await program.parseAsync();
} catch (thrown) {
  const error = explain(thrown);
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof PlainError) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode;
  } else {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : 'unknown trouble'}\n`);
    process.exitCode = 1;
  }
}
process.exit();
