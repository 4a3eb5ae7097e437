/** The words of `estafette quarantine`; what they do is loaded when they are used. */
import type { Command } from 'commander';

const JSON_FLAG = ['--json', 'print JSON, one object a line'] as const;

/** Adds them; the caller finishes them like all others. */
export function addQuarantineCommands(program: Command): void {
  const quarantine = program.command('quarantine').description('letters that must not be shown: look, release, delete');
  quarantine
    .command('list')
    .description('list them: who they claim to come from, why they are held, until when they are kept')
    .option('--mailbox <address>', 'of this mailbox only')
    .option(...JSON_FLAG)
    .action(async (options) => (await import('./commands/quarantine.ts')).listQuarantine(options));
  quarantine
    .command('inspect <letterId>')
    .description('say what is wrong with a letter and what it consists of, never what it says')
    .option('--mailbox <address>', 'as it stands in this mailbox')
    .option('--content <file>', 'write what could be opened into this file, in clear; the trail notes it')
    .option(...JSON_FLAG)
    .action(async (letterId: string, options) =>
      (await import('./commands/quarantine.ts')).inspectQuarantined(letterId, options),
    );
  for (const wish of ['release', 'delete'] as const) {
    quarantine
      .command(`${wish} <letterId>`)
      .description(
        wish === 'release'
          ? 'open a letter again with the keys and the trust of now, and show it, marked as what it is'
          : 'delete a letter; its notice stays',
      )
      .option('--mailbox <address>', 'in this mailbox only')
      .option(...JSON_FLAG)
      .action(async (letterId: string, options) =>
        (await import('./commands/quarantine.ts')).askOfQuarantine(wish, letterId, options),
      );
  }
}
