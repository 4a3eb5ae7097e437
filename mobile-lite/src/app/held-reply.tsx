/** An answer that waited too long to leave behind the person's back: it asks. */
import type { JSX } from 'preact';
import type { DeviceSession } from '../device/device-session.ts';
import { moreWords } from '../words/words.ts';

export function Held({ session, replyId }: { session: DeviceSession; replyId: string }): JSX.Element {
  return (
    <div class="held">
      <p>{moreWords.replyHeld}</p>
      <button type="button" class="primary" onClick={() => void session.confirmReply(replyId)}>
        {moreWords.replyHeldSend}
      </button>
      <button type="button" class="quiet" onClick={() => void session.discardReply(replyId)}>
        {moreWords.replyHeldDrop}
      </button>
    </div>
  );
}
