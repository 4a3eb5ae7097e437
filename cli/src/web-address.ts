/** Where the web app is: the setting, else what the running server announced, else host and port. */
import type { Foundation } from './foundation.ts';
import { findRunning } from './running-instance.ts';

/** The address for links and terminal devices, without a slash at the end. */
export function webAddress({ config, home }: Foundation): string {
  const address =
    config.ESTAFETTE_WEB_URL ??
    findRunning(home)?.web ??
    `http://${config.ESTAFETTE_HOST}:${config.ESTAFETTE_HTTP_PORT}`;
  return address.replace(/\/+$/, '');
}
