/** What a session shows (a snapshot, replaced as a whole at each change) and tells (facts, each once). */
import type { Membership } from '@estafette/contracts/enrolment';
import type { Message } from '@estafette/contracts/message';
import type { Clock } from './clock.ts';
import type { ConversationView } from './conversation-view.ts';
import type { DeviceStore } from './device-store.ts';
import type { ReconnectPolicy } from './reconnect-pause.ts';
import type { ConnectionState } from './relay-connection.ts';
import type { Fetch } from './relay-http.ts';

/** What a session stands on. */
export interface DeviceSessionParts {
  readonly baseUrl: string;
  readonly store: DeviceStore;
  readonly clock?: Clock;
  readonly fetch?: Fetch;
  readonly WebSocket?: typeof WebSocket;
  readonly reconnect?: ReconnectPolicy;
}

/** A message that was opened for the first time on this device. */
export interface OpenedMessage {
  readonly seq: number;
  readonly conversationId: string;
  readonly message: Message;
  /** `gateway`, or the device that wrote it. */
  readonly author: string;
  /** When the relay stored it, and when its conversation expires; milliseconds since 1970. */
  readonly at: number;
  readonly expiresAt: number;
}

export interface DeviceSnapshot {
  readonly deviceId: string;
  readonly membership: Membership;
  readonly connection: ConnectionState;
  readonly conversations: readonly ConversationView[];
  /** Replies that had not left when their conversation expired, since this session opened. */
  readonly lostReplies: number;
}
