/**
 * The first screens of a new device: a welcome that takes a pasted link (an app on the home screen of an iPhone has a
 * store of its own, so the link of the mail cannot reach it otherwise), and the enrolment: what will happen, one
 * button, progress, and on failure what to do.
 */
import { readEnrolmentLink } from '@estafette/contracts/enrolment';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { DeviceStore } from '../device/device-store.ts';
import { type EnrolmentStep, enrolDevice } from '../device/enrol-device.ts';
import { failureSentence, moreWords, words } from '../words/words.ts';
import { Icon } from './icons.tsx';

const MAY_PASS = new Set(['network', 'no-answer']);

export function WelcomeScreen({ onLink }: { onLink: (link: string) => void }): JSX.Element {
  const [link, setLink] = useState('');
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    onLink(link.trim());
  };
  return (
    <main class="sheet">
      <Brand />
      <h1>{moreWords.welcomeTitle}</h1>
      <p>{moreWords.welcomeText}</p>
      <form onSubmit={submit}>
        <label for="link">{moreWords.welcomeLabel}</label>
        <input
          id="link"
          type="url"
          autocomplete="off"
          spellcheck={false}
          value={link}
          onInput={(event) => setLink(event.currentTarget.value)}
        />
        <button class="primary" type="submit" disabled={link.trim() === ''}>
          {moreWords.welcomeNext}
        </button>
      </form>
    </main>
  );
}

function Brand(): JSX.Element {
  return (
    <p class="brand">
      <img src="/icon.svg" alt="" width="40" height="40" /> {words.appName}
    </p>
  );
}

type Stage = { at: 'ready' } | { at: 'working'; step: EnrolmentStep } | { at: 'failed'; code: string };

export function EnrolmentScreen(props: {
  link: string;
  store: DeviceStore;
  /** Name of the mailbox this device belongs to now, if any. */
  replaces: string | null;
  /** The person went ahead: what runs for the present mailbox must stop. */
  onStart: () => void;
  onCancel: () => void;
  onJoined: () => void;
}): JSX.Element {
  const { link, store, replaces, onStart, onCancel, onJoined } = props;
  const malformed = readEnrolmentLink(link) === null;
  const [stage, setStage] = useState<Stage>(malformed ? { at: 'failed', code: 'link-malformed' } : { at: 'ready' });
  const join = async (): Promise<void> => {
    onStart();
    setStage({ at: 'working', step: 'making-keys' });
    const onStep = (step: EnrolmentStep): void => setStage({ at: 'working', step });
    try {
      const result = await enrolDevice({ link, baseUrl: location.origin, store, onStep });
      if (result.outcome === 'refused') return setStage({ at: 'failed', code: result.code });
      await navigator.storage?.persist?.().catch(() => false);
      onJoined();
    } catch {
      setStage({ at: 'failed', code: 'network' });
    }
  };
  return (
    <main class="sheet">
      <Brand />
      <h1>{moreWords.enrolTitle}</h1>
      <ol class="steps">
        {moreWords.enrolSteps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      {replaces !== null && (
        <p class="note amber">
          <Icon name="alert" /> {moreWords.enrolReplaces(replaces)}
        </p>
      )}
      <div role="status">
        {stage.at === 'working' && (
          <p class="working">
            <span class="spinner" /> {moreWords.enrolProgress[stage.step]}
          </p>
        )}
        {stage.at === 'failed' && <EnrolmentFailed code={stage.code} />}
      </div>
      {(stage.at !== 'failed' || MAY_PASS.has(stage.code)) && (
        <button
          class="primary"
          type="button"
          data-testid="enrol-button"
          disabled={stage.at === 'working'}
          onClick={() => void join()}
        >
          {stage.at === 'failed' ? moreWords.enrolRetry : moreWords.enrolButton}
        </button>
      )}
      {stage.at === 'ready' && <p class="muted">{moreWords.enrolOnce}</p>}
      {(stage.at === 'failed' || (stage.at === 'ready' && replaces !== null)) && (
        <button class="quiet" type="button" onClick={onCancel}>
          {moreWords.enrolCancel}
        </button>
      )}
    </main>
  );
}

function EnrolmentFailed({ code }: { code: string }): JSX.Element {
  return (
    <div class="note red" data-testid="enrol-failure" data-code={code}>
      <h2>
        <Icon name="alert" /> {moreWords.enrolFailed}
      </h2>
      <p>{failureSentence(code)}</p>
      {!MAY_PASS.has(code) && code !== 'link-malformed' && <p>{moreWords.enrolAskNew}</p>}
    </div>
  );
}
