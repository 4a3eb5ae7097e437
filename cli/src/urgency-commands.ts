/** The words of `estafette mailbox rule` and `estafette correspondent phone`; what they do is loaded when they are used. */
import { Argument, type Command } from 'commander';

const JSON_FLAG = ['--json', 'print JSON, one object a line'] as const;

/** Adds them; the caller finishes them like all others. */
export function addUrgencyCommands(mailbox: Command, correspondent: Command): void {
  mailbox
    .command('rule <address>')
    .description('what is critical for a mailbox beside what laboratories flag, as "INR > 5"')
    .addArgument(new Argument('<action>', 'what to do').choices(['add', 'remove', 'list']))
    .argument('[rule]', 'analyte (words or LOINC code), > >= < or <=, number, unit')
    .option(...JSON_FLAG)
    .action(async (address: string, action: 'add' | 'remove' | 'list', rule: string | undefined, options) =>
      (await import('./commands/urgency-rules.ts')).ruleMailbox(address, { action, rule, ...options }),
    );
  correspondent
    .command('phone <address> <number>')
    .description('the number to call about a critical letter of a correspondent; empty text removes it')
    .option(...JSON_FLAG)
    .action(async (address: string, number: string, options) =>
      (await import('./commands/urgency-rules.ts')).keepPhone(address, number, options),
    );
}
