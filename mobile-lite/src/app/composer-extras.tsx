/**
 * What an answer may have beside its text: to whom it goes where there are several people, photos and files, urgency,
 * and leaving at once. Loaded when it is asked for, or when somebody else is on the letter.
 */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Aim } from '../device/conversation-view.ts';
import { moreWords, words } from '../words/words.ts';
import { type Draft, forgetPreviews, type PickedFile } from './draft.ts';
import { formatSize } from './format.ts';
import { Icon } from './icons.tsx';
import { pickFiles } from './pick-files.ts';
import { type FileTrouble, prepareFile } from './prepare-file.ts';

interface ExtrasProps {
  aim: Aim;
  draft: Draft;
  /** Whether more than the recipients is asked for. */
  open: boolean;
  change: (change: (draft: Draft) => Partial<Draft>) => void;
}

export function ComposerExtras(props: ExtrasProps): JSX.Element {
  const { aim, draft, open, change } = props;
  const [trouble, setTrouble] = useState<FileTrouble | null>(null);
  const pick = (picked: FileList | null): Promise<void> => {
    setTrouble(null);
    return pickFiles(picked ?? [], { change, refuse: setTrouble, prepare: prepareFile });
  };
  const remove = (gone: PickedFile): void => {
    forgetPreviews([gone]);
    change(({ files }) => ({ files: files.filter((one) => one !== gone) }));
  };
  return (
    <>
      {aim.others.length > 0 && <Recipients {...props} />}
      {open && (
        <div class="extras">
          <Pick label={moreWords.attachPhoto} icon="photo" accept="image/*" onPick={pick} camera />
          <Pick label={moreWords.attachFile} icon="file" onPick={pick} />
          <Toggle label={words.urgent} on={draft.urgent} onToggle={(urgent) => change(() => ({ urgent }))} />
          <Toggle
            label={moreWords.replyNow}
            title={moreWords.replyNowText}
            on={draft.sendNow || draft.urgent}
            onToggle={(sendNow) => change(() => ({ sendNow }))}
          />
        </div>
      )}
      {draft.files.length > 0 && (
        <ul class="picked" data-testid="picked">
          {draft.files.map((file) => (
            <li key={file.key}>
              {file.preview === null ? <Icon name="file" /> : <img src={file.preview} alt="" />}
              <span class="name">
                {file.name} <span class="muted">{formatSize(file.bytes.length)}</span>
              </span>
              <button type="button" aria-label={moreWords.attachRemove(file.name)} onClick={() => remove(file)}>
                <Icon name="remove" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <p
        role="status"
        class={trouble === null ? 'muted' : 'note red'}
        hidden={trouble === null && draft.preparing === 0}
      >
        {trouble === null ? moreWords.attachPreparing : moreWords.attachTroubles[trouble]}
      </p>
    </>
  );
}

function Recipients({ aim, draft, change }: ExtrasProps): JSX.Element {
  const { others, answersTo } = aim;
  const reachable = others.filter((one) => one.reachable);
  const unreachable = others.filter((one) => !one.reachable).map(({ name, address }) => name || address);
  const choices = [
    { to: 'sender', label: moreWords.replyToSender, who: [answersTo] },
    { to: 'all', label: moreWords.replyToAll(1 + reachable.length), who: [answersTo, ...reachable] },
  ] as const;
  const chosen = choices.find(({ to }) => to === draft.to);
  return (
    <fieldset class="to" data-testid="recipients">
      <legend class="aside">{moreWords.replyTo}</legend>
      {choices.map(({ to, label }) => (
        <label key={to} class="choice">
          <input type="radio" name="to" checked={draft.to === to} onChange={() => change(() => ({ to }))} />
          {label}
        </label>
      ))}
      <p class="muted">{chosen?.who.map((one) => one?.name || one?.address).join(', ')}</p>
      {draft.to === 'all' && unreachable.length > 0 && (
        <p class="note amber">{moreWords.replyUnreachable(unreachable.join(', '))}</p>
      )}
    </fieldset>
  );
}

function Pick(props: {
  label: string;
  icon: 'photo' | 'file';
  accept?: string;
  camera?: boolean;
  onPick: (files: FileList | null) => Promise<void>;
}): JSX.Element {
  const { label, icon, accept, camera, onPick } = props;
  return (
    <label class="button">
      <Icon name={icon} />
      {label}
      <input
        class="aside"
        type="file"
        multiple={!camera}
        accept={accept}
        capture={camera ? 'environment' : undefined}
        data-testid={`attach-${icon}`}
        onChange={(event) => {
          const input = event.currentTarget;
          // Emptied, so that the same file can be picked again.
          void onPick(input.files).finally(() => {
            input.value = '';
          });
        }}
      />
    </label>
  );
}

function Toggle(props: { label: string; title?: string; on: boolean; onToggle: (on: boolean) => void }): JSX.Element {
  const { label, title, on, onToggle } = props;
  return (
    <button type="button" class="toggle" aria-pressed={on} title={title} onClick={() => onToggle(!on)}>
      {label}
    </button>
  );
}
