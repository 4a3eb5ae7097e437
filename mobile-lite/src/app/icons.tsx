/** The few signs of the app, drawn as paths; always beside a word, so hidden from screen readers. */
import type { JSX } from 'preact';

const PATHS = {
  alert: 'M12 3 2 20h20L12 3Zm0 6v5m0 3v.5',
  back: 'M15 5l-7 7 7 7',
  bolt: 'M12 8v5m0 3v.5M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  clock: 'M12 7v5l3 2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z',
  file: 'M7 3h7l5 5v13H7V3Zm7 0v5h5',
  lock: 'M6 11h12v9H6v-9Zm2.5 0V8a3.5 3.5 0 0 1 7 0v3',
  operator: 'M4 20V9l8-5 8 5v11M9 20v-6h6v6M3 20h18',
  phone: 'M6 3h4l2 5-2.5 1.5a11 11 0 0 0 5 5L16 12l5 2v4a2 2 0 0 1-2 2A16 16 0 0 1 4 5a2 2 0 0 1 2-2Z',
  photo: 'M4 5h16v14H4V5Zm0 11 4.5-5 4 4.5 2.5-2.5 5 5M15.5 9v.1',
  plus: 'M12 5v14M5 12h14',
  remove: 'M6 6l12 12M18 6 6 18',
  send: 'M4 12 20 4l-5 16-3.5-6.5L4 12Zm7.5 1.5L20 4',
  stop: 'M8 3h8l5 5v8l-5 5H8l-5-5V8l5-5Zm4 5v5m0 3v.5',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
