/**
 * What a conversation shows beside its letters' heads, words and answers, as one chunk, asked for as soon as the list stands:
 * cards, files, filing, the rest of the composer. One chunk, because each more makes what comes first larger: code that two
 * chunks use is a file of its own, which gzip packs less well.
 */
export { FileTile, PhotoTile, ReplyTiles } from './attachment-tile.tsx';
export { ComposerExtras } from './composer-extras.tsx';
export { FailureText } from './failure-text.tsx';
export { FilingLine, ReminderLine } from './filing-line.tsx';
export { FilingSheet } from './filing-sheet.tsx';
export { Held } from './held-reply.tsx';
export { LetterNotes, People } from './letter-notes.tsx';
export { NoAnswer } from './no-answer.tsx';
export { QuarantineText } from './quarantine-text.tsx';
export { ReadBy } from './read-by.tsx';
export { ReportCard } from './report-card.tsx';
export { TrustFacts } from './trust-facts.tsx';
export { UrgencyBand } from './urgency-band.tsx';
