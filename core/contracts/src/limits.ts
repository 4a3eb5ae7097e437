/**
 * Every number that limits something, in one place, with its unit in its name. Announced where a
 * protocol lets us (SMTP SIZE, the relay's `welcome` frame) and enforced where it is read.
 */

export const KIBIBYTE = 1024;
export const MEBIBYTE = 1024 * KIBIBYTE;

/** Mail coming in (gateway/intake). */
export const SMTP_LIMITS = {
  /** Largest letter accepted, as announced by SIZE (RFC 1870). 25 MB of attachments, encoded and wrapped. */
  letterMaxBytes: 36 * MEBIBYTE,
  recipientsMax: 50,
  connectionsMax: 200,
  idleTimeoutMs: 120_000,
  /** Letters accepted and not yet delivered; above this the answer is 451 until the backlog shrinks. */
  backlogMaxLetters: 20_000,
  addressMaxBytes: 254,
} as const;

/** What the envelope stage will look at (gateway/envelope). */
export const ENVELOPE_LIMITS = {
  headerMaxBytes: 256 * KIBIBYTE,
  headerMaxCount: 1_000,
  /** Cryptographic layers, one inside the other. */
  layersMax: 3,
  asn1DepthMax: 64,
  asn1NodesMax: 100_000,
  signersMax: 8,
  certificatesMax: 50,
  crlsMax: 16,
  recipientInfosMax: 200,
  certificateMaxBytes: 64 * KIBIBYTE,
  pathLengthMax: 8,
  /** What is shown of a signer: characters of a name, number of addresses. */
  signerNameMaxCharacters: 200,
  signerAddressesMax: 10,
  rsaModulusMinBits: 2_048,
  rsaModulusMaxBits: 8_192,
  /** A signer's claimed time may run ahead of our clock by this much. */
  clockSkewMs: 5 * 60_000,
  /** One letter may keep a worker this long; then the worker is ended and the letter is refused. */
  openTimeoutMs: 20_000,
  workerHeapMaxMib: 512,
} as const;

/** What the content stage will read (gateway/content). */
export const CONTENT_LIMITS = {
  partsMax: 500,
  depthMax: 16,
  textMaxCharacters: 200_000,
  /** Text carried inside the message itself; longer text becomes a file beside it. */
  inlineTextMaxCharacters: 20_000,
  resultsMax: 500,
  documentsMax: 60,
  fileNameMaxCharacters: 120,
  subjectMaxCharacters: 300,
  /** Pixels (width × height) above which a picture is offered as a file only. */
  photoMaxPixels: 50_000_000,
} as const;

/** The relay: frames, sockets and inboxes (im-relay). */
export const RELAY_LIMITS = {
  frameMaxBytes: 64 * KIBIBYTE,
  eventMaxBytes: 128 * KIBIBYTE,
  framesPerSecondMax: 20,
  framesBurstMax: 60,
  socketsPerMailboxMax: 50,
  heartbeatSeconds: 25,
  /** A socket with no frame from the other side for this long is closed. */
  silenceSeconds: 60,
  ticketTtlSeconds: 30,
  sessionTtlSeconds: 12 * 3_600,
  /** Difference allowed between a phone's clock and ours when it signs a ticket request. */
  ticketClockSkewSeconds: 300,
  enrolmentAnswerTtlSeconds: 600,
  enrolmentWaitSeconds: 20,
  requestsPerMinuteMax: 240,
  /** Enrolment requests: from one address, and from everywhere together. */
  enrolmentsPerMinutePerAddressMax: 60,
  enrolmentsPerMinuteMax: 240,
  /** How long a blob session outlives its socket, so that a photo half fetched at a reconnection still comes. */
  sessionGraceSeconds: 300,
  /** Fragments of one WebSocket message (RFC 6455 §5.4); a device has no reason to send any. */
  fragmentsMax: 64,
  /** Delivery jobs written to inboxes at the same time by one relay node. */
  deliverConcurrencyMax: 16,
  /** Events sent in one go when a device catches up; the next page follows when these are written. */
  catchUpPageEvents: 200,
  /** Bytes a slow reader may leave unread in its socket before it is closed. */
  socketBacklogMaxBytes: 4 * MEBIBYTE,
  /** How long the id of a stored event is remembered after its conversation expired (once, and only once). */
  seenAfterExpirySeconds: 14 * 24 * 3_600,
} as const;

/** Conversations, replies and the people in them. */
export const CONVERSATION_LIMITS = {
  replyMaxCharacters: 4_000,
  defaultTtlSeconds: 7 * 24 * 3_600,
  minTtlSeconds: 10,
  maxTtlSeconds: 90 * 24 * 3_600,
  enrolmentTtlSeconds: 24 * 3_600,
  terminalDeviceTtlSeconds: 24 * 3_600,
  devicesPerMailboxMax: 40,
  quotedLinesMax: 12,
} as const;

/** Mail going out (gateway/dispatch). */
export const DISPATCH_LIMITS = {
  connectionTimeoutMs: 20_000,
  socketTimeoutMs: 120_000,
  /** Attempts and the first pause between them (doubling): about two days in all. */
  attemptsMax: 58,
  firstRetryMs: 5_000,
  poolConnectionsMax: 4,
} as const;
