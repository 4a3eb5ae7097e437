/** The words of `estafette mailbox filing`; what it does is loaded when it is used. */
import { FILING_TYPES } from '@estafette/contracts/message';
import { type Command, Option } from 'commander';

/** Adds it to the group of mailboxes. */
export function addFilingCommand(mailbox: Command): void {
  mailbox
    .command('filing <address>')
    .description('show or set where conversations of a mailbox are filed, and in whose name')
    .option('--to <address>', 'its own practice software, or an application mailbox')
    .option('--professional <name>', 'professional who answers for what is filed, such as “Camille DURAND”')
    .option('--rpps <number>', 'RPPS of this professional')
    .option('--profession <code>', 'profession of this professional (TRE_G15), such as 21 for a pharmacist')
    .option('--finess <number>', 'FINESS of the structure')
    .option('--organisation <name>', 'name of the structure; default: that of the mailbox')
    .addOption(new Option('--type <code>', 'document type where the request names none').choices(FILING_TYPES))
    .option('--certificate <file>', 'certificate of the destination, to encrypt to; default: the one known')
    .option('--none', 'file nowhere any more')
    .option('--json', 'print JSON, one object a line')
    .action(async (address: string, options) =>
      (await import('./commands/mailbox-filing.ts')).mailboxFiling(address, options),
    );
}
