/**
 * Imported into every test file by setup/test.ts: a file whose process does not end by itself (a server left open by a
 * test that failed, say) ends here, as a failure, instead of holding up the whole run. `?ms=` says when.
 */
import { isMainThread } from 'node:worker_threads';

const deadlineMs = Number(new URL(import.meta.url).searchParams.get('ms'));
if (isMainThread && deadlineMs > 0) {
  const end = () => {
    process.stderr.write(`the test file did not end within ${deadlineMs / 1000} seconds\n`);
    process.exit(1);
  };
  setTimeout(end, deadlineMs).unref();
}
