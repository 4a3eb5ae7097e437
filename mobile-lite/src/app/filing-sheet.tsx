/**
 * "Verser au dossier": what, in whose record, as what kind of document; nothing leaves before it is confirmed, with the
 * patient said in full beside the button. Where the conversation names several patients, nobody is chosen beforehand.
 */
import { FILING_TYPES } from '@estafette/contracts/message';
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ConversationView } from '../device/conversation-view.ts';
import type { DeviceSession } from '../device/device-session.ts';
import { moreWords } from '../words/words.ts';
import { documentsIn, lettersIn, patientsIn } from './filing-choices.ts';
import { documentName, type FilingDraft, isExchange, letterName, typedPatient, wishOf } from './filing-draft.ts';
import { FilingPatients } from './filing-patients.tsx';
import { FilingReview } from './filing-review.tsx';

interface SheetProps {
  conversation: ConversationView;
  session: DeviceSession;
  now: number;
  onClose: () => void;
}

export function FilingSheet({ conversation, session, now, onClose }: SheetProps): JSX.Element {
  const { conversationId, messages } = conversation;
  const texts = moreWords.filing;
  const patients = useMemo(() => patientsIn(messages), [messages]);
  const only = patients.length === 1 ? patients[0] : undefined;
  const [draft, setDraft] = useState<FilingDraft>({
    what: 'conversation',
    document: '',
    letterId: '',
    patient: only?.key ?? (patients.length === 0 ? 'typed' : ''),
    typed: { familyName: '', givenName: '', birthDate: '', sex: '' },
    type: '',
  });
  const [failed, setFailed] = useState(false);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const change = (part: Partial<FilingDraft>): void => setDraft((known) => ({ ...known, ...part }));
  const wish = wishOf(draft, messages, patients);
  const send = async (): Promise<void> => {
    if (wish === null) return;
    try {
      await session.sendFiling(conversationId, wish);
      dialog.current?.close();
    } catch {
      setFailed(true);
    }
  };
  return (
    <dialog class="filing" ref={dialog} aria-label={texts.title} data-testid="filing-sheet" onClose={onClose}>
      <form
        autocomplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <h2>{texts.title}</h2>
        <What conversation={conversation} draft={draft} change={change} />
        <FilingPatients {...{ patients, draft, change, now }} />
        {isExchange(draft, messages) && <Type draft={draft} change={change} />}
        <FilingReview
          {...{ draft, messages, now }}
          patient={patients.find(({ key }) => key === draft.patient)?.patient ?? typedPatient(draft)}
        />
        {failed && (
          <p class="note red" role="alert">
            {texts.failed}
          </p>
        )}
        <p class="actions">
          <button type="submit" class="primary" data-testid="filing-confirm" disabled={wish === null}>
            {texts.confirm}
          </button>
          <button type="button" onClick={() => dialog.current?.close()}>
            {texts.cancel}
          </button>
        </p>
      </form>
    </dialog>
  );
}

interface PartProps {
  draft: FilingDraft;
  change: (part: Partial<FilingDraft>) => void;
}

function What({ conversation, draft, change }: PartProps & { conversation: ConversationView }): JSX.Element {
  const texts = moreWords.filing;
  const documents = documentsIn(conversation.messages);
  const letters = lettersIn(conversation.messages);
  const choices = [
    { what: 'conversation', label: texts.conversation, there: true },
    { what: 'document', label: texts.document, there: documents.length > 0 },
    { what: 'original', label: texts.original, there: letters.length > 0 },
  ] as const;
  return (
    <fieldset data-testid="filing-what">
      <legend>{texts.what}</legend>
      {choices
        .filter(({ there }) => there)
        .map(({ what, label }) => (
          <label key={what} class="choice">
            <input
              type="radio"
              name="what"
              checked={draft.what === what}
              onChange={() =>
                change({ what, document: documents.at(-1)?.key ?? '', letterId: letters.at(-1)?.letterId ?? '' })
              }
            />
            {label}
          </label>
        ))}
      {draft.what === 'conversation' && <p class="muted">{texts.conversationText}</p>}
      {draft.what === 'document' && (
        <select
          aria-label={texts.chooseDocument}
          value={draft.document}
          onChange={(event) => change({ document: event.currentTarget.value })}
        >
          {documents.map((one) => (
            <option key={one.key} value={one.key}>
              {documentName(one.document)}
            </option>
          ))}
        </select>
      )}
      {draft.what === 'original' && (
        <select
          aria-label={texts.chooseLetter}
          value={draft.letterId}
          onChange={(event) => change({ letterId: event.currentTarget.value })}
        >
          {letters.map((one) => (
            <option key={one.letterId} value={one.letterId}>
              {letterName(one)}
            </option>
          ))}
        </select>
      )}
    </fieldset>
  );
}

function Type({ draft, change }: PartProps): JSX.Element {
  const texts = moreWords.filing;
  return (
    <label class="typed">
      {texts.type}
      <select
        value={draft.type}
        data-testid="filing-type"
        onChange={(event) => {
          const chosen = event.currentTarget.value;
          change({ type: FILING_TYPES.find((type) => type === chosen) ?? '' });
        }}
      >
        <option value="">{texts.ownType}</option>
        {FILING_TYPES.map((type) => (
          <option key={type} value={type}>
            {texts.types[type]}
          </option>
        ))}
      </select>
    </label>
  );
}
