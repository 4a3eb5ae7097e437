/**
 * Where the app begins: take an enrolment link out of the address, open the store, wake the session when the page
 * comes back, keep the shell for offline use. The only place that knows window, store and session together.
 */
import { type JSX, render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type DeviceSession, openDeviceSession } from '../device/device-session.ts';
import type { DeviceStore } from '../device/device-store.ts';
import { IndexedDeviceStore } from '../device/indexed-device-store.ts';
import { language, loadWords, words } from '../words/words.ts';
import { later, loadAhead } from './later.tsx';
import { takeEnrolmentLink } from './route.ts';
import { SessionScreen } from './session-screen.tsx';

const EnrolmentScreen = later(async () => (await import('./enrolment-screen.tsx')).EnrolmentScreen);
const WelcomeScreen = later(async () => (await import('./enrolment-screen.tsx')).WelcomeScreen);

const LOAD_AHEAD_AFTER_MS = 3_000;

let current: DeviceSession | null = null;

function begin(session: DeviceSession | null): void {
  current = session;
  session?.start();
}

/** A mobile socket may look open and be dead: whenever we come back, it is dropped and made anew. */
function wakeOnReturn(): void {
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') current?.wake();
  });
  addEventListener('pageshow', (event) => {
    if (event.persisted) current?.wake();
  });
  // Offline too: the try fails at once, and the banner says what the socket would notice only after a heartbeat.
  for (const change of ['online', 'offline']) addEventListener(change, () => current?.wake());
}

function App(props: { store: DeviceStore; session: DeviceSession | null; link: string | null }): JSX.Element {
  const [session, setSession] = useState(props.session);
  const [link, setLink] = useState(props.link);
  useEffect(() => {
    const look = (): void => {
      const arrived = takeEnrolmentLink();
      if (arrived !== null) setLink(arrived);
    };
    addEventListener('hashchange', look);
    return () => removeEventListener('hashchange', look);
  }, []);
  const pause = (): void => {
    current = null;
    session?.close();
  };
  const cancel = (): void => {
    setLink(null);
    begin(session);
  };
  const joined = async (): Promise<void> => {
    const fresh = await openDeviceSession({ baseUrl: location.origin, store: props.store });
    begin(fresh);
    setSession(fresh);
    setLink(null);
  };
  if (link !== null) {
    const replaces = session?.getSnapshot().membership.mailboxName ?? null;
    const steps = { onStart: pause, onCancel: cancel, onJoined: () => void joined() };
    return <EnrolmentScreen key={link} link={link} store={props.store} replaces={replaces} {...steps} />;
  }
  return session === null ? <WelcomeScreen onLink={setLink} /> : <SessionScreen session={session} />;
}

async function start(root: HTMLElement): Promise<void> {
  document.documentElement.lang = language;
  const link = takeEnrolmentLink();
  await loadWords();
  const notice = (text: string): void => render(<main class="sheet">{text}</main>, root);
  if (!isSecureContext) return notice(words.insecure);
  let store: DeviceStore;
  try {
    store = await IndexedDeviceStore.open();
  } catch {
    return notice(words.noStorage);
  }
  const session = await openDeviceSession({ baseUrl: location.origin, store });
  begin(session);
  wakeOnReturn();
  root.replaceChildren();
  render(<App store={store} session={session} link={link} />, root);
  void loadAhead('soon');
  await navigator.serviceWorker?.register('/service-worker.js').catch(() => undefined);
  setTimeout(() => {
    void loadAhead('asked');
    void import('../device/upload-reply.ts').catch(() => undefined);
  }, LOAD_AHEAD_AFTER_MS);
}

const root = document.getElementById('app');
if (root !== null) void start(root);
