/** The words of `estafette absence` and `estafette mailbox receipts`; what they do is loaded when they are used. */
import { Argument, type Command } from 'commander';

/** Adds them; the caller finishes them like all others. */
export function addAbsenceCommands(program: Command, mailbox: Command): void {
  mailbox
    .command('receipts <address>')
    .description('tell senders who ask that their letters were read, or tell nobody')
    .addArgument(new Argument('<wish>', 'whether receipts are sent').choices(['on', 'off']))
    .action(async (address: string, wish: 'on' | 'off') =>
      (await import('./commands/absence.ts')).setReceipts(address, wish),
    );
  const absence = program.command('absence').description('when nobody reads a mailbox, and what is told of it');
  absence
    .command('set <address>')
    .description('tell each proven correspondent, once a day, that the mailbox is absent')
    .requiredOption('--until <day>', 'last day, like 2026-12-24')
    .option('--from <day>', 'first day; now when it is left out')
    .option('--text <file>', 'file with the words to be told')
    .action(async (address: string, options) => (await import('./commands/absence.ts')).setAbsence(address, options));
  absence
    .command('clear <address>')
    .description('end the absence')
    .action(async (address: string) => (await import('./commands/absence.ts')).clearAbsence(address));
  absence
    .command('list')
    .description('list the absences that are set')
    .option('--json', 'print JSON, one object a line')
    .action(async (options: { json?: boolean }) => (await import('./commands/absence.ts')).listAbsences(options));
}
