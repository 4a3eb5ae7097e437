/**
 * Messages typed in a row leave as one mail: those of one device in one conversation, to the same people, about the same
 * letter, each within a pause of the one before. A group is complete when the pause is over, when somebody else's turn or
 * a limit ends it, at the latest a while after its first message, at once when its author wishes, or when the
 * conversation ends. It is decided in one transaction and written down, so that a repeated run makes the same mail.
 */
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import type { Clock, LastingStore, ReplyRow } from '../ports.ts';

export interface GatherQuestion {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** 0: each reply is a mail of its own. */
  readonly pauseMs: number;
  /** Nothing waits any more. */
  readonly isEnding: boolean;
}

/** Groups that are complete, and when to look again for the others. */
export interface GatherPlan {
  readonly complete: readonly (readonly ReplyRow[])[];
  readonly nextAt: number | null;
}

type Group = [ReplyRow, ...ReplyRow[]];

const { gatherMaxMs, gatherRepliesMax, attachmentsTotalMaxBytes } = CONVERSATION_LIMITS;

const keyOf = ({ deviceId, to, answers }: ReplyRow): string => JSON.stringify([deviceId, to, answers]);
const lastOf = (group: Group): ReplyRow => group.at(-1) ?? group[0];

/** When a group is complete by itself. */
function dueAt(group: Group, pauseMs: number): number {
  const [first, last] = [group[0], lastOf(group)];
  return last.isPressing ? last.createdAt : Math.min(last.createdAt + pauseMs, first.createdAt + gatherMaxMs);
}

function takes(group: Group, reply: ReplyRow, pauseMs: number): boolean {
  const bytes = group.reduce((sum, one) => sum + one.bytes, reply.bytes);
  return (
    pauseMs > 0 &&
    !lastOf(group).isPressing &&
    reply.createdAt <= dueAt(group, pauseMs) &&
    group.length < gatherRepliesMax &&
    bytes <= attachmentsTotalMaxBytes
  );
}

/** Decides which of the replies that wait, in the order they came, leave together. */
export function planGroups(waiting: readonly ReplyRow[], question: GatherQuestion): GatherPlan {
  const { now, pauseMs, isEnding } = question;
  const open = new Map<string, Group>();
  const complete: Group[] = [];
  for (const reply of waiting) {
    const group = open.get(keyOf(reply));
    if (group !== undefined && takes(group, reply, pauseMs)) {
      group.push(reply);
      continue;
    }
    if (group !== undefined) complete.push(group);
    open.set(keyOf(reply), [reply]);
  }
  const times: number[] = [];
  for (const group of open.values()) {
    const at = dueAt(group, pauseMs);
    if (isEnding || at <= now) complete.push(group);
    else times.push(at);
  }
  return { complete, nextAt: times.length === 0 ? null : Math.min(...times) };
}

export interface Gatherer {
  /** Decides what leaves now of a conversation: ids of groups, and when to look again. */
  gather(conversationId: string, isEnding: boolean): Promise<{ groupIds: string[]; nextAt: number | null }>;
}

/** The gatherer; `pauseMs` is the longest pause between two messages of one mail. */
export function createGatherer(options: { store: LastingStore; clock: Clock; pauseMs: number }): Gatherer {
  const { store, clock, pauseMs } = options;
  return {
    gather: (conversationId, isEnding) =>
      store.transaction(async (inside) => {
        const now = clock.now().getTime();
        const waiting = await inside.ungroupedReplies(conversationId);
        const { complete, nextAt } = planGroups(waiting, { now, pauseMs, isEnding });
        const groupIds: string[] = [];
        for (const group of complete) {
          const ids = group.map(({ id }) => id).sort();
          const [id = '', answers] = [ids[0], group[0]?.answers ?? null];
          const letterId = answers ?? (await inside.lastAnswerableLetter(conversationId))?.letterId ?? null;
          await inside.groupReplies(ids, { id, answers: letterId, at: now });
          groupIds.push(id);
        }
        return { groupIds, nextAt };
      }),
  };
}
