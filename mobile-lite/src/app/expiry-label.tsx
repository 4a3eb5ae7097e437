/** How long a conversation still stays, by the server's time; ticks by the second only in the last hour. */
import type { JSX } from 'preact';
import type { DeviceSession } from '../device/device-session.ts';
import { words } from '../words/words.ts';
import { formatLeft } from './format.ts';
import { useServerNow } from './hooks.ts';
import { Icon } from './icons.tsx';

const HOUR_MS = 3_600_000;

export function ExpiryLabel(props: { expiresAt: number; session: DeviceSession }): JSX.Element {
  const soon = props.expiresAt - props.session.serverNow() < HOUR_MS;
  const now = useServerNow(props.session, soon ? 1_000 : 20_000);
  return (
    <span class={soon ? 'expiry soon' : 'expiry'} data-testid="expiry">
      <Icon name="clock" />
      {words.expiresIn(formatLeft(props.expiresAt - now))}
    </span>
  );
}
