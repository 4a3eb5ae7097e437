/** What most stories begin with: the product runs, the pharmacy's terminal is ready, letters can be handed in. */
import type { Chat } from './chat.ts';
import { OperatorView } from './operator-view.ts';
import type { Destination } from './post-office.ts';
import type { Server, Stage } from './stage.ts';

export interface Scene {
  readonly server: Server;
  readonly chat: Chat;
  readonly destination: Destination;
  readonly operator: OperatorView;
}

/** Starts the product on the stage. */
export async function openScene(stage: Stage): Promise<Scene> {
  const server = await stage.start();
  const destination = { port: server.smtpPort, authorities: stage.demo('ca.pem') };
  return { server, destination, chat: await stage.chat(), operator: new OperatorView(stage) };
}
