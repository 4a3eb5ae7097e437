/**
 * The studio as the gateway sees it: a small number of processes in which pictures and PDFs are decoded, started when
 * the first one comes and ended when nothing more does. A file that takes too long or too much memory costs its process
 * and is told so; what could not be tried for no fault of its own is told as `absent`. Who waits too long for a process,
 * because others keep them all busy, is one of these: mail without pictures must not wait behind pictures.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { MEBIBYTE, STUDIO_LIMITS } from '@estafette/contracts/limits';
import type { Developed, Log, Studio, StudioTask } from '../ports.ts';
import { createTurnstile } from '../turnstile.ts';
import { readAnswer } from './studio-answer.ts';

/** The program itself: no key, letter or setting lies there. */
const READABLE = ['node_modules', 'gateway', 'core'].map((name) =>
  fileURLToPath(new URL(`../../../${name}/`, import.meta.url)),
);

/** Nothing but to read the program, native code of sharp, and the thread that watches. */
const EXEC_ARGUMENTS = [
  '--permission',
  ...READABLE.map((folder) => `--allow-fs-read=${folder}`),
  '--allow-addons',
  '--allow-worker',
  '--no-warnings',
  `--max-old-space-size=${STUDIO_LIMITS.heapMaxMib}`,
  `--wasm-max-mem-pages=${STUDIO_LIMITS.wasmPagesMax}`,
];

/** One process of the studio. */
interface Darkroom {
  /** `died`: the process ended while it worked on this; by which signal. */
  develop(task: StudioTask): Promise<Developed | { readonly died: NodeJS.Signals | null }>;
  /** Whether it did something before. */
  isUsed(): boolean;
  /** Whether it takes another task. */
  isFit(): boolean;
  close(): void;
}

/** What comes of a process: its next message, or how it ended. */
type Heard = { readonly message: unknown } | { readonly signal: NodeJS.Signals | null };

function startProcess(): ChildProcess {
  const child = fork(new URL('./picture-worker.ts', import.meta.url), [], {
    execArgv: EXEC_ARGUMENTS,
    // Nothing of ours: keys and addresses of databases stand in the environment.
    env: {},
    serialization: 'advanced',
    // A library that complains would write of a patient's file.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  return child;
}

/** What a process says, one message at a time, and its end. */
interface Line {
  /** What comes next; null when nothing did in time. */
  next(ms: number): Promise<Heard | null>;
  isEnded(): boolean;
  end(): void;
}

function listenTo(child: ChildProcess): Line {
  let isEnded = false;
  let hear: (heard: Heard) => void = () => {};
  child.on('message', (message) => hear({ message }));
  const ended = (signal: NodeJS.Signals | null): void => {
    isEnded = true;
    hear({ signal });
  };
  child.on('exit', (_code, signal) => ended(signal));
  // A process that could not be started has no exit.
  child.on('error', () => child.pid === undefined && ended(null));
  return {
    next: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => resolve(null), ms);
        hear = (heard) => {
          clearTimeout(timer);
          resolve(heard);
        };
      }),
    isEnded: () => isEnded,
    end() {
      isEnded = true;
      child.kill('SIGKILL');
    },
  };
}

/** Somebody ends the gateway, and its processes with it: that says nothing of the file. */
const isFromOutside = (signal: NodeJS.Signals | null): boolean =>
  signal === 'SIGINT' || signal === 'SIGTERM' || signal === 'SIGHUP';

function openDarkroom(timeoutMs: number): Darkroom {
  const child = startProcess();
  const line = listenTo(child);
  let isReady = false;
  let tasks = 0;
  /** The gateway ends without waiting for an idle process. */
  const hold = (isHeld: boolean): void => {
    const how = isHeld ? 'ref' : 'unref';
    child[how]();
    child.channel?.[how]();
  };

  const developed: Darkroom['develop'] = async (task) => {
    if (!isReady) {
      const heard = await line.next(STUDIO_LIMITS.bootTimeoutMs);
      if (heard !== null && 'signal' in heard && isFromOutside(heard.signal)) return { died: heard.signal };
      if (heard === null || !('message' in heard)) return { refused: 'absent' };
      isReady = true;
    }
    tasks += 1;
    const answered = line.next(timeoutMs);
    child.send(task, () => {});
    const heard = await answered;
    if (heard === null) return { refused: 'costly' };
    if (!('message' in heard)) return { died: heard.signal };
    const answer = readAnswer(heard.message);
    if (answer === null) return { died: null };
    const { developed: found, resident, isSpent } = answer;
    const isWorn =
      isSpent || tasks >= STUDIO_LIMITS.tasksPerProcessMax || resident > STUDIO_LIMITS.residentKeptMib * MEBIBYTE;
    if (isWorn) line.end();
    return found;
  };

  return {
    async develop(task) {
      hold(true);
      const found = await developed(task);
      const isOver = 'died' in found || ('refused' in found && /^(?:costly|absent)$/.test(found.refused));
      if (isOver) line.end();
      hold(false);
      return found;
    },
    isUsed: () => tasks > 0,
    isFit: () => !line.isEnded(),
    close: line.end,
  };
}

/** Processes that have nothing to do, until they have had nothing to do for too long. */
function createShelf() {
  const idle = new Map<Darkroom, NodeJS.Timeout>();
  const takeOff = (room: Darkroom): void => {
    clearTimeout(idle.get(room));
    idle.delete(room);
  };
  return {
    take(): Darkroom | null {
      for (const room of idle.keys()) {
        takeOff(room);
        if (room.isFit()) return room;
      }
      return null;
    },
    put(room: Darkroom): void {
      if (!room.isFit()) return;
      const rest = (): void => {
        takeOff(room);
        room.close();
      };
      idle.set(room, setTimeout(rest, STUDIO_LIMITS.idleMs).unref());
    },
    clear(): void {
      for (const room of idle.keys()) {
        takeOff(room);
        room.close();
      }
    },
  };
}

const closed = (): Error => new Error('the studio is closed');

/** What an operator should know: of a file only its kind and size. */
function note(log: Log, task: StudioTask, developed: Developed): void {
  if (!('refused' in developed)) return;
  const { refused } = developed;
  const facts = { code: task.kind, bytes: task.bytes.length };
  if (refused === 'absent') log.warn('pictures and PDFs cannot be decoded: shown as they came', facts);
  if (refused === 'costly') log.warn('a picture or PDF cost its process: too much time or memory', facts);
}

/** Opens the studio; no process is started yet. `timeoutMs` is what one file may take; `patience` gives what ends a wait. */
export function openStudio({
  log,
  processes = STUDIO_LIMITS.processesMax,
  timeoutMs = STUDIO_LIMITS.timeoutMs,
  patience = AbortSignal.timeout,
}: {
  log: Log;
  processes?: number;
  timeoutMs?: number;
  patience?: (ms: number) => AbortSignal;
}): Studio & { close(): void } {
  const turnstile = createTurnstile(processes, 0);
  const shelf = createShelf();
  const busy = new Set<Darkroom>();
  let waiting = 0;
  let isClosed = false;

  /** A place; null when there was none in time. The longer the row, the shorter the patience. */
  const enter = async (): Promise<(() => void) | null> => {
    const isLongRow = waiting >= STUDIO_LIMITS.rowMax;
    waiting += 1;
    try {
      const ms = isLongRow ? STUDIO_LIMITS.waitInLongRowMs : STUDIO_LIMITS.letterTimeoutMs;
      return await turnstile.enterInHaste(patience(ms));
    } finally {
      waiting -= 1;
    }
  };

  const developIn = async (room: Darkroom, task: StudioTask): Promise<Developed> => {
    const wasUsed = room.isUsed();
    busy.add(room);
    const developed = await room.develop(task);
    busy.delete(room);
    // The process was ended with the studio: that says nothing of the file.
    if (isClosed) throw closed();
    shelf.put(room);
    if (!('died' in developed)) return developed;
    if (isFromOutside(developed.died)) throw new Error(`the studio was ended by ${developed.died}`);
    // Perhaps through a file that came before: this one is judged by a process of its own.
    if (wasUsed) return developIn(openDarkroom(timeoutMs), task);
    // SIGKILL that is not ours: too much memory, by our own watch or the kernel's.
    return { refused: developed.died === 'SIGKILL' ? 'costly' : 'damaged' };
  };

  return {
    async develop(task) {
      const leave = await enter();
      if (leave === null) {
        log.warn('no process was free in time for a picture or PDF: shown as it came', { code: task.kind });
        return { refused: 'absent' };
      }
      try {
        if (isClosed) throw closed();
        const developed = await developIn(shelf.take() ?? openDarkroom(timeoutMs), task);
        note(log, task, developed);
        return developed;
      } finally {
        leave();
      }
    },
    close() {
      isClosed = true;
      turnstile.close();
      shelf.clear();
      for (const room of busy) room.close();
    },
  };
}
