/** One line that says how we stand with the relay: silent for screens when all is well, loud when someone must act. */
import type { JSX } from 'preact';
import type { DeviceSession } from '../device/device-session.ts';
import type { ConnectionState } from '../device/relay-connection.ts';
import { words } from '../words/words.ts';

export function ConnectionBanner(props: { connection: ConnectionState; session: DeviceSession }): JSX.Element {
  const { connection, session } = props;
  const { text, look, action } = describe(connection, session);
  return (
    <div class={`banner ${look}`} role="status" data-testid="connection" data-phase={connection.phase}>
      <span>{text}</span>
      {action && (
        <button type="button" onClick={action.act}>
          {action.label}
        </button>
      )}
    </div>
  );
}

interface Banner {
  text: string;
  look: 'quiet' | 'slow' | 'amber' | 'red';
  action?: { label: string; act: () => void };
}

function describe(connection: ConnectionState, session: DeviceSession): Banner {
  const texts = words.connection;
  if (connection.phase === 'live') return { text: texts.live, look: 'quiet' };
  if (connection.phase === 'offline') return { text: texts.offline, look: 'amber' };
  if (connection.phase !== 'stopped') return { text: texts.connecting, look: 'slow' };
  if (connection.reason === 'replaced') {
    return { text: texts.replaced, look: 'amber', action: { label: texts.useHere, act: () => session.wake() } };
  }
  if (connection.reason === 'outdated') {
    return { text: texts.outdated, look: 'red', action: { label: words.reload, act: () => void reloadFresh() } };
  }
  return { text: connection.reason === 'revoked' ? texts.revoked : texts.closed, look: 'red' };
}

/** Reloads with the newest app the server has, not the one the service worker kept. */
async function reloadFresh(): Promise<void> {
  const registration = await navigator.serviceWorker?.getRegistration();
  await registration?.update().catch(() => undefined);
  location.reload();
}
