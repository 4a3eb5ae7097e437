/**
 * A door in a process of its own, so that its memory can be measured: opened over real TLS and the real spool, for
 * anyone. Says its port when it is open, and to each message the most memory it has ever had, in octets.
 */
import { DoorPapers, openTestDoor } from './door.ts';

const papers = await new DoorPapers().issue();
const { intake } = await openTestDoor(papers, 'anyone', { requiresTls: false });
process.on('message', () => process.send?.({ mostBytes: process.resourceUsage().maxRSS * 1_024 }));
process.once('disconnect', () => {
  papers.end();
  process.exit();
});
process.send?.({ port: intake.port, authorities: papers.authorities });
