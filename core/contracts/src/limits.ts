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
  /** Lines of one header block, folded ones included. */
  headerMaxLines: 5_000,
  /** Places of one multipart that begin like its delimiter and are looked at. */
  delimiterCandidatesMax: 20_000,
  /** Cryptographic layers, one inside the other. */
  layersMax: 3,
  asn1DepthMax: 64,
  asn1NodesMax: 100_000,
  signersMax: 8,
  certificatesMax: 50,
  crlsMax: 16,
  /** Revocation lists that a letter brings, each; a longer one is had where the certificates say. */
  bagListMaxBytes: 512 * KIBIBYTE,
  recipientInfosMax: 200,
  certificateMaxBytes: 64 * KIBIBYTE,
  pathLengthMax: 8,
  /** What is shown of a signer: characters of a name, number of addresses. */
  signerNameMaxCharacters: 200,
  signerAddressesMax: 10,
  rsaModulusMinBits: 2_048,
  rsaModulusMaxBits: 8_192,
  /** CompressedData: what may come out in all, what always may, and how much more than went in. */
  inflatedMaxBytes: 36 * MEBIBYTE,
  inflatedAlwaysBytes: MEBIBYTE,
  inflationRatioMax: 100,
  /** A longer nonce is one node:crypto does not take; senders write 12 octets. */
  gcmNonceMaxBytes: 128,
  /** A signer's claimed time may run ahead of our clock by this much. */
  clockSkewMs: 5 * 60_000,
  /** Certificate and capabilities of a correspondent are learnt only from a letter signed at most this long ago; of an older one this is told. */
  learntSigningAgeMaxMs: 7 * 24 * 3_600_000,
  /** What is known of a correspondent is dated anew when a letter says the same this much later. */
  learntTimeStepMs: 3_600_000,
  /** Capabilities one signature may state. */
  capabilitiesMax: 100,
  /** One letter may keep a worker this long; then the worker is ended and the letter is refused. */
  openTimeoutMs: 20_000,
  workerHeapMaxMib: 512,
} as const;

/** What judging a certificate may cost (gateway/envelope, RFC 5280 and RFC 6960). */
export const TRUST_LIMITS = {
  /** Candidates looked at while paths are searched for one certificate, and while signers of lists are searched. */
  candidatesMax: 64,
  /** The same for all certificates of one letter together, however many signers and certificates it brings. */
  letterCandidatesMax: 128,
  /** A candidate for the signer of a list costs one more for so many octets, digested for it once more; at most so many. */
  listStepBytes: 128 * KIBIBYTE,
  listStepsMax: 15,
  /** Names times constraints compared on one path. */
  nameComparisonsMax: 20_000,
  /** Distribution points of one certificate, names in one of them. */
  distributionPointsMax: 16,
  /** A revocation list from a file; its entries are indexed by 8 octets each (never above 2^25 octets). */
  listMaxBytes: 32 * MEBIBYTE,
  /** Changes of certificate issuer within one indirect list. */
  listIssuersMax: 10_000,
  ocspResponseMaxBytes: 64 * KIBIBYTE,
  ocspAnswersMax: 100,
  ocspCertificatesMax: 8,
  ocspNonceBytes: 32,
  /** How long an OCSP answer that names no end counts. */
  ocspAnswerMaxAgeMs: 3_600_000,
  /** A list or answer may be dated ahead of our clock by this much. */
  clockSkewMs: 5 * 60_000,
  /** What a verdict proposes to fetch. */
  sourcesMax: 8,
  /** Files read from the folder of what was fetched. */
  fetchedFilesMax: 5_000,
  verdictsKeptMax: 5_000,
} as const;

/** What is fetched to judge a certificate, and the letters that wait for it (gateway/certificate-status). */
export const STATUS_LIMITS = {
  urlMaxCharacters: 1_024,
  hostsListedMax: 100,
  redirectsMax: 2,
  /** Addresses of one name that are tried. */
  addressesMax: 4,
  responseHeaderMaxBytes: 16 * KIBIBYTE,
  requestMaxBytes: 4 * KIBIBYTE,
  /** One fetch, from the first question to the name server to the last byte, redirects included. */
  listTimeoutMs: 30_000,
  answerTimeoutMs: 8_000,
  dnsTimeoutMs: 2_000,
  /** Sources that are tried for one letter. */
  sourcesPerLetterMax: 8,
  fetchesAtOnceMax: 8,
  fetchesAtOncePerHostMax: 2,
  fetchesWaitingMax: 200,
  fetchesPerHostPerMinuteMax: 60,
  /** A host that failed this often in a row is left alone, first for so long, then twice as long. */
  hostFailuresMax: 3,
  hostRestFirstMs: 30_000,
  hostRestMaxMs: 600_000,
  hostsRememberedMax: 1_000,
  /** An address that gave nothing is not asked again for this long: after a failure, after a refusal. */
  failureRememberedMs: 30_000,
  refusalRememberedMs: 600_000,
  failuresRememberedMax: 10_000,
  /** A list is fetched again after three quarters of its life, and at the latest after this. */
  listRefreshMaxMs: 4 * 3_600_000,
  listRefreshMinMs: 60_000,
  /** A list is fetched ahead for this long after a letter last asked for it. */
  listRefreshedForMs: 30 * 24 * 3_600_000,
  /** A list past its nextUpdate stays this long: what it says of revoked certificates stays true. */
  staleListKeptMs: 7 * 24 * 3_600_000,
  certificateKeptMs: 30 * 24 * 3_600_000,
  storeMaxBytes: 256 * MEBIBYTE,
  /** How long a letter waits for one round of fetching. */
  letterWaitMs: 10_000,
  /** Rounds in a row: an issuer brings a list, the list of the issuer above it, and so on. */
  fetchRoundsMax: 4,
  /** A letter set aside comes back no sooner: the queue must have ended its job. */
  letterBackMinMs: 250,
  /** Letters that wait for their revocation status; above this they are shown at once. */
  lettersHeldMax: 5_000,
  /** Pauses between two looks at a held letter; the last one repeats. */
  holdPausesMs: [60_000, 120_000, 300_000, 600_000, 900_000],
  /** A configured list that ends within this time is announced. */
  listWarningMs: 24 * 3_600_000,
  listsCheckedEveryMs: 3_600_000,
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

/** Notices to proven senders of letters that could not be opened (gateway/dispatch). */
export const NOTICE_LIMITS = {
  /** To one sender within a day, whatever the mailbox; above it the letter is held and nothing is said outside. */
  perSenderAndDayMax: 3,
  /** Letters of one claimed sender held for one mailbox within an hour; above it nothing is said outside. */
  failuresPerSenderAndHourMax: 5,
  attemptsMax: 30,
} as const;

/** Quarantine, for the operator (cli). */
export const QUARANTINE_LIMITS = {
  /** How long a command waits until the running gateway has done what it asked. */
  outcomeWaitMs: 20_000,
  outcomeLookMs: 250,
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

/** Keys of the mailboxes we host (gateway/keys, cli). */
export const KEY_LIMITS = {
  rsaModulusMinBits: 2_048,
  rsaModulusMaxBits: 8_192,
  /** Days before the end of a certificate at which its holder is told. */
  endingDays: [60, 30, 7],
  /** Replies that wait for a key are tried again after this pause, doubling up to the longest. */
  firstRetryMs: 5_000,
  longestRetryMs: 900_000,
  /** A reply that still waits when its conversation has this long to live fails, so that its author can be told. */
  lastCallMs: 60_000,
  /** A file with keys or certificates. */
  fileMaxBytes: 262_144,
} as const;
