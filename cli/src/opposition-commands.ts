/** The words of `estafette opposition`; what they do is loaded when they are used. */
import { type Command, Option } from 'commander';

/** Adds them; the caller finishes them like all others. */
export function addOppositionCommands(program: Command): void {
  const opposition = program
    .command('opposition')
    .description('patients who oppose that letters about them are shown here');
  opposition
    .command('add')
    .description('hold letters about a patient from now on, found by number, by traits, or by both')
    .option('--mailbox <address>', 'in this mailbox only; default: in all')
    .option('--ins <number>', 'national number, with its key or without')
    .option('--family <name>', 'usual or birth name')
    .option('--birth-name <name>', 'birth name, where both are known')
    .option('--given <name>', 'first given name')
    .option('--born <day>', 'day of birth, like 1958-04-02')
    .addOption(new Option('--sex <sex>', 'as the national identity has it').choices(['M', 'F']))
    .option('--by <words>', 'who records it; default: the operator')
    .option('--json', 'print JSON, one object a line')
    .action(async (options) => (await import('./commands/opposition.ts')).addOpposition(options));
  opposition
    .command('list')
    .description('list them, with how many letters each has held in which mailbox; withdrawn ones name nobody')
    .option('--mailbox <address>', 'those that count for this mailbox')
    .option('--json', 'print JSON, one object a line')
    .action(async (options) => (await import('./commands/opposition.ts')).listOppositions(options));
  opposition
    .command('withdraw <id>')
    .description('end one: who it was is forgotten, and letters held because of it may be released')
    .option('--json', 'print JSON, one object a line')
    .action(async (id: string, options) => (await import('./commands/opposition.ts')).withdrawOpposition(id, options));
}
