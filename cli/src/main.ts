/**
 * The `estafette` command. Exit codes: 0 done, 1 it failed (one sentence on standard error), 2 wrong use or wrong
 * setting, 3 nothing known of what was asked. Every command has --help and --json.
 */
import { Command, CommanderError, Option } from 'commander';
import { addAbsenceCommands } from './absence-commands.ts';
import { SEALING_WORDS } from './commands/sealing-words.ts';
import { addFilingCommand } from './filing-commands.ts';
import { addOppositionCommands } from './opposition-commands.ts';
import { explain, PlainError } from './plain-error.ts';
import { addQuarantineCommands } from './quarantine-commands.ts';
import { addTrustListCommands } from './trust-list-commands.ts';
import { addUrgencyCommands } from './urgency-commands.ts';

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

program
  .command('reload')
  .description('put the trust spaces in force in the running server as ESTAFETTE_TRUST_SPACES says now')
  .option(...JSON_FLAG)
  .action(async (options: { json?: boolean }) => (await import('./commands/reload.ts')).reload(options));

const account = program.command('account').description('software of one’s own that may hand letters in');
account
  .command('add <name>')
  .description('let software hand letters in, by password, client certificate, or either')
  .option('--password-stdin', 'read its password from standard input')
  .option('--certificate <file...>', 'its client certificate, PEM or DER')
  .requiredOption('--may-send-as <address...>', 'address, or @domain, that it may send as')
  .option('--to <mailbox...>', 'the only mailboxes it may write to; default: all')
  .option(...JSON_FLAG)
  .action(async (name: string, options) => (await import('./commands/account.ts')).addAccount(name, options));
account
  .command('list')
  .description('list the accounts and what each may do')
  .option(...JSON_FLAG)
  .action(async (options: { json?: boolean }) => (await import('./commands/account.ts')).listAccounts(options));
account
  .command('remove <name>')
  .description('take no more letters from an account')
  .action(async (name: string) => (await import('./commands/account.ts')).removeAccount(name));

/** What a From label is made of (MSSanté: Titre_Prenom_NOM_Entité). */
const withLabel = (command: Command): Command =>
  command
    .option('--title <title>', 'of a person, such as Dr')
    .option('--given-name <name>', 'of a person')
    .option('--family-name <name>', 'of a person')
    .option('--entity <name>', 'where a person works; functional name of an organisation or application');

const mailbox = program.command('mailbox').description('the mailboxes this gateway hosts');
withLabel(mailbox.command('add <address>'))
  .description('host a mailbox, with its key from a PKCS#12 file (or from the demo authority)')
  .requiredOption('--name <name>', 'name shown to correspondents')
  .addOption(
    new Option('--kind <kind>', 'personal, organizational, application or practice')
      .choices(['PER', 'ORG', 'APP', 'CAB'])
      .default('ORG'),
  )
  .option('--p12 <file>', 'PKCS#12 file with key, certificate and chain')
  .option('--pem <file>', 'PEM file with key, certificate and chain')
  .option('--key <file>', 'PEM file with the key, when it lies apart')
  .option('--password-file <file>', 'file that holds its password')
  .option('--without-key', 'its key comes later: see key request, key import')
  .option(...JSON_FLAG)
  .action(async (address: string, options) => (await import('./commands/mailbox.ts')).addMailbox(address, options));
mailbox
  .command('list')
  .description('list the mailboxes')
  .option(...JSON_FLAG)
  .action(async (options: { json?: boolean }) => (await import('./commands/mailbox.ts')).listMailboxes(options));
withLabel(mailbox.command('describe <address>'))
  .description('say what the From label of a mailbox is made of; empty text removes a part')
  .action(async (address: string, options) =>
    (await import('./commands/mailbox-label.ts')).describeMailbox(address, options),
  );
mailbox
  .command('close <address>')
  .description('take no letters for a mailbox any more (550 5.2.1); what it holds stays')
  .option(...JSON_FLAG)
  .action(async (address: string, options: { json?: boolean }) =>
    (await import('./commands/mailbox-closing.ts')).closeMailbox(address, options),
  );
mailbox
  .command('open <address>')
  .description('take letters for a closed mailbox again')
  .option(...JSON_FLAG)
  .action(async (address: string, options: { json?: boolean }) =>
    (await import('./commands/mailbox-closing.ts')).openMailbox(address, options),
  );

addAbsenceCommands(program, mailbox);
addFilingCommand(mailbox);

const key = program.command('key').description('the keys and certificates of a hosted mailbox');
key
  .command('list <address>')
  .description('list its keys: what each is used for, until when')
  .option(...JSON_FLAG)
  .action(async (address: string, options) => (await import('./commands/key.ts')).listKeys(address, options));
key
  .command('import <address>')
  .description('add the keys of a file; a running server uses them with the next letter')
  .option('--p12 <file>', 'PKCS#12 file with key, certificate and chain')
  .option('--pem <file>', 'PEM file with key, certificate and chain')
  .option('--key <file>', 'PEM file with the key, when it lies apart')
  .option('--password-file <file>', 'file that holds its password')
  .option('--for-opening', 'take a certificate that has ended, to open older letters')
  .option(...JSON_FLAG)
  .action(async (address: string, options) => (await import('./commands/key.ts')).importKeys(address, options));
key
  .command('request <address>')
  .description('make a key that stays here, and print the request (PKCS#10) to carry to an authority')
  .addOption(
    new Option('--kind <kind>', 'kind of key').choices(['rsa-2048', 'rsa-3072', 'ec-p256']).default('rsa-2048'),
  )
  .option('--finess <number>', 'FINESS of the structure')
  .option('--siret <number>', 'SIRET of the structure')
  .option('--department <text>', 'its department, as in “Paris (75)”')
  .option(...JSON_FLAG)
  .action(async (address: string, options) => (await import('./commands/key.ts')).requestKey(address, options));
key
  .command('install <address>')
  .description('put the certificate that came for a request to its key')
  .requiredOption('--certificate <file>', 'certificate, with or without its chain, PEM or DER')
  .option(...JSON_FLAG)
  .action(async (address: string, options) => (await import('./commands/key.ts')).installCertificate(address, options));
key
  .command('certificate <address>')
  .description('print the certificate that correspondents should encrypt to')
  .option(...JSON_FLAG)
  .action(async (address: string, options) => (await import('./commands/key.ts')).printCertificate(address, options));
key
  .command('renew-demo <address>')
  .description('a further key from the demo authority, for the renewal drill')
  .option('--days <number>', 'how long it is valid; a part of a day is allowed')
  .option(...JSON_FLAG)
  .action(async (address: string, options) => (await import('./commands/key.ts')).renewDemoKey(address, options));

const correspondent = program.command('correspondent').description('how answers to a correspondent are sealed');
correspondent
  .command('show <address>')
  .description('what is known of a correspondent, and how answers to him are sealed')
  .option(...JSON_FLAG)
  .action(async (address: string, options) =>
    (await import('./commands/correspondent.ts')).showCorrespondent(address, options),
  );
correspondent
  .command('set <address>')
  .description('seal answers to a correspondent in this way; auto leaves it to the gateway')
  .addOption(new Option('--form <form>', 'opaque where relays break signatures').choices(SEALING_WORDS.form))
  .addOption(new Option('--content <cipher>', 'content encryption').choices(SEALING_WORDS.content))
  .addOption(new Option('--key-transport <way>', 'for an RSA key').choices(SEALING_WORDS.keyTransport))
  .option(...JSON_FLAG)
  .action(async (address: string, options) =>
    (await import('./commands/correspondent.ts')).setCorrespondent(address, options),
  );
addUrgencyCommands(mailbox, correspondent);

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
  .option('--receipts', 'tell that a letter was read, its sender too where he asks for it, once it is printed')
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

addQuarantineCommands(program);
addOppositionCommands(program);

addTrustListCommands(program);

const queue = program
  .command('queue')
  .description('mails on their way out, letters that wait, jobs that were given up');
queue
  .command('list')
  .description('list what has not left or not arrived, and why')
  .option(...JSON_FLAG)
  .action(async (options) => (await import('./commands/queue.ts')).listQueue(options));
for (const [wish, meaning] of [
  ['retry', 'try a mail now, whatever its next time is'],
  ['hold', 'do not send a mail until it is released'],
  ['release', 'let a held mail go'],
  ['drop', 'delete a mail that has not left; its author is told'],
] as const) {
  const command = queue.command(`${wish} <mailId>`).description(meaning);
  if (wish === 'drop') command.option('--yes', 'it cannot be undone: without this nothing is dropped');
  command
    .option(...JSON_FLAG)
    .action(async (mailId: string, options) => (await import('./commands/queue.ts')).askOfMail(wish, mailId, options));
}

for (const command of program.commands.flatMap((one) => [one, ...one.commands]))
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
