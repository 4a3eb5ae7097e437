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
  /** Of one address; a proxy in front of the door makes all peers one address. */
  connectionsPerAddressMax: 100,
  /** Of all addresses from which no letter was ever accepted, and of one of them; an IPv6 address is its whole /64. */
  strangerConnectionsMax: 150,
  strangerConnectionsPerAddressMax: 20,
  /** How long it is remembered that a letter from an address was accepted; each letter begins it anew. */
  acceptedRememberedMs: 86_400_000,
  idleTimeoutMs: 120_000,
  /** A session ends at its next pause after this, until it has brought a letter or proven who it is. */
  strangerSessionMaxMs: 120_000,
  /** A session ends at its next pause after this; a certificate is judged once for each session. */
  sessionMaxMs: 3_600_000,
  commandsPerSessionMax: 100_000,
  lettersPerSessionMax: 10_000,
  /** Answers of the 5xx kind. */
  errorsPerSessionMax: 50,
  /** RFC 5321 §4.5.3.1.4 has 512; ORCPT (500) and ENVID (100) come on top (RFC 3461 §4). */
  commandLineMaxBytes: 2_048,
  /** RFC 4954 §4. */
  authLineMaxBytes: 12_288,
  /** RFC 5321 §4.5.3.1.6 has 1000, which real software does not keep; a longer line than this is no text. */
  textLineMaxBytes: MEBIBYTE,
  /** One letter, from DATA to its end. */
  dataMaxMs: 1_800_000,
  /** Measured over the whole letter, once it has had this long. */
  dataMinBytesPerSecond: 1_000,
  dataPatienceMs: 60_000,
  /** A refused letter is read on to its end, so that the peer can hear why; this much more and the connection ends. */
  refusedBytesMax: 72 * MEBIBYTE,
  lettersPerMinutePerAddressMax: 12_000,
  lettersPerMinutePerOperatorMax: 12_000,
  failedLoginsPerSessionMax: 3,
  failedLoginsPerAddressMax: 20,
  failedLoginsRememberedMs: 900_000,
  /** Passwords checked at the same time: checking one is meant to be slow. */
  loginsAtOnceMax: 2,
  /** Addresses and operators whose letters and failed logins are counted. */
  peersCountedMax: 10_000,
  /** Certificates of a client's chain that are looked at. */
  clientChainMax: 10,
  envelopeIdMaxCharacters: 100,
  originalRecipientMaxCharacters: 500,
  /** How often sessions and letters under way are looked at. */
  sessionsCheckedEveryMs: 5_000,
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
  /** Patients one document may name: those beyond are not looked at. */
  patientsPerDocumentMax: 50,
  /** Of one HTML part; the rest of a longer one is not read, and the part is kept as a file. */
  htmlMaxCharacters: 4_000_000,
  /** Stretches of a text that are newly written; a text that changes more often is shown whole. */
  freshRangesMax: 200,
  fileNameMaxCharacters: 120,
  subjectMaxCharacters: 300,
  /** Of a subject or name as it is written, encoded: the rest is not decoded. */
  encodedWordsMaxCharacters: 10_000,
  /** Pixels (width × height) above which a picture is offered as a file only. */
  photoMaxPixels: 50_000_000,
} as const;

/** Pictures as they are shown (gateway/content/pictures). Sides and pixels as displayed. */
export const PICTURE_LIMITS = {
  thumbnailMaxSide: 320,
  thumbnailQuality: 75,
  screenMaxSide: 1_600,
  screenQuality: 82,
  /** A picture within this and the side of a view is shown as it is. */
  thumbnailFromBytes: 48 * KIBIBYTE,
  screenFromBytes: 512 * KIBIBYTE,
  /** JPEG of a picture that phones and browsers do not show (HEIC, TIFF); the original stands beside it. */
  convertedMaxSide: 4_096,
  convertedQuality: 90,
  channelsMax: 5,
  /** A view as JPEG; far above what the sides and qualities give. */
  viewMaxBytes: 16 * MEBIBYTE,
  /** Pixels in memory of a picture that cannot be decoded row by row (interlaced, progressive, TIFF, HEIC). */
  wholeMaxBytes: 256 * MEBIBYTE,
  /** A colour profile that is taken over from a HEIC. */
  profileMaxBytes: 64 * KIBIBYTE,
} as const;

/** PDF as it is shown: its first page, and the beginning of its words (gateway/content/pdf). */
export const PDF_LIMITS = {
  pageMaxWidth: 1_000,
  pageMaxHeight: 1_600,
  pageQuality: 80,
  textPagesMax: 10,
  textMaxCharacters: 8_000,
} as const;

/** The process that decodes pictures and PDFs (gateway/studio). */
export const STUDIO_LIMITS = {
  processesMax: 2,
  bootTimeoutMs: 30_000,
  /** One picture or PDF may take this long; then its process is ended. */
  timeoutMs: 30_000,
  /** All pictures of one letter together; those that are left stand as they came. */
  letterTimeoutMs: 120_000,
  /**
   * Pictures in the row for a process before those behind them wait no longer than this and stand as they came: half of
   * the letters that are on their way at once, so that mail without pictures always finds a place.
   */
  rowMax: 8,
  waitInLongRowMs: 10_000,
  /** Pictures of one letter that cost a process, after which the rest is not tried. */
  overrunsPerLetterMax: 2,
  /** Memory of the process in all, its script's, and that of WebAssembly in pages of 64 KiB. */
  residentMaxMib: 1_024,
  heapMaxMib: 128,
  wasmPagesMax: 8_192,
  /** A process that did so much, has grown to this or did nothing for so long is ended, and another one started when needed. */
  tasksPerProcessMax: 100,
  residentKeptMib: 320,
  idleMs: 30_000,
} as const;

/** `winmail.dat` (gateway/content/tnef). */
export const TNEF_LIMITS = {
  /** Of one letter; a further one stays a file. */
  filesMax: 3,
  /** Of the whole file. */
  attributesMax: 5_000,
  attachmentsMax: 100,
  /** Of one list; also values of one property. */
  propertiesMax: 5_000,
  /** Body as RTF, unpacked. */
  rtfMaxBytes: 4 * MEBIBYTE,
  /** Groups of RTF, one inside the other; deeper ones count as the one above. */
  rtfDepthMax: 200,
} as const;

/** XML inside a letter: CDA, METADATA.XML (gateway/content/xml). */
export const XML_LIMITS = {
  /** A CDA carries its PDF in base64; a whole letter has at most 25 MB of attachments. */
  documentMaxBytes: 32 * MEBIBYTE,
  /** Real documents have a few thousand. */
  elementsMax: 60_000,
  attributesMax: 200_000,
  /** Of `<`, and of `&`: also of comments, sections and references, which are no elements. */
  marksMax: 300_000,
  attributesPerElementMax: 100,
  /** Namespace prefixes in force at one place. */
  prefixesMax: 200,
  depthMax: 200,
  nameMaxCharacters: 256,
} as const;

/** `IHE_XDM.ZIP` (gateway/content/xdm). */
export const XDM_LIMITS = {
  archiveMaxBytes: 32 * MEBIBYTE,
  entriesMax: 200,
  entryMaxBytes: 32 * MEBIBYTE,
  /** All entries together, unpacked. */
  totalMaxBytes: 64 * MEBIBYTE,
  /** Unpacked to packed size; small entries may be above it, as real XML with empty tables is. */
  ratioMax: 100,
  ratioCountsFromBytes: MEBIBYTE,
  nameMaxBytes: 255,
  /** The end of an archive, in which its directory is looked for names. */
  directoryMaxBytes: 128 * KIBIBYTE,
  /** METADATA.XML: real ones have 20 KB. */
  metadataMaxBytes: 4 * MEBIBYTE,
  submissionsMax: 10,
  documentsMax: 50,
  /** Documents of one archive that are read as CDA; the others are files. */
  clinicalDocumentsMax: 20,
  associationsMax: 500,
  wordMaxCharacters: 1_000,
} as const;

/** CDA R2 documents (gateway/content/cda); their XML is bounded by XML_LIMITS. */
export const CDA_LIMITS = {
  headingsMax: 8,
  headingMaxCharacters: 200,
  /** A name, a title, an identifier. */
  wordMaxCharacters: 500,
  /** A value or comment that is longer stands in the text of the report. */
  valueMaxCharacters: 2_000,
  namesMax: 10,
  commentsMax: 20,
  /** Compressed files of one document, unfolded, with those before them; what is beyond stays compressed. */
  unfoldedMaxBytes: 8 * MEBIBYTE,
  /** Words of the coded part that are looked for within sentences of a narrative, and how long that may be. */
  searchesMax: 200,
  searchedNarrativeMaxCharacters: 200_000,
  /** Words that a code refers to in the narrative, and the nodes looked at for all of them together. */
  referenceMaxCharacters: 2_000,
  referenceNodesMax: 500_000,
  /** Of a table in the narrative; a table inside more tables than this is written as running text. */
  columnsMax: 60,
  nestedTablesMax: 4,
  /** Raised or lowered words within such: deeper ones are marked and not copied. */
  nestedShiftsMax: 3,
  shiftedMaxCharacters: 100,
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
  /** A sealed photo or file of a reply: attachmentMaxBytes, with IV (12) and tag (16). */
  uploadMaxBytes: 10 * MEBIBYTE + 28,
  uploadsPerHourAndMailboxMax: 240,
  uploadBytesPerHourAndMailboxMax: 512 * MEBIBYTE,
  /** An upload that the gateway has not taken by then is swept. */
  uploadKeptSeconds: 24 * 3_600,
  /** The whole of a request, body included: a slow phone needs minutes for the largest upload. */
  requestMaxSeconds: 600,
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
  /** Photos and files of one reply. */
  attachmentsMax: 5,
  attachmentMaxBytes: 10 * MEBIBYTE,
  /** Of one mail together: in base64, sealed and in base64 again (× 1.88) they stay below mailMaxBytes. */
  attachmentsTotalMaxBytes: 12 * MEBIBYTE,
  /** Replies typed in a row leave as one mail: the longest the first of them waits, the most of them, the longest pause. */
  gatherMaxMs: 60_000,
  gatherRepliesMax: 20,
  gatherPauseMaxSeconds: 60,
  /** Of a From label: title, first name, name, place, each. */
  labelPartMaxCharacters: 80,
  /** What is shown of automatic mail. */
  noticeTextMaxCharacters: 500,
  /** People of one letter who take part by mail; of one conversation, twice as many. */
  mailPeopleMax: 20,
  participantsMax: 40,
  /** Conversations that know one Message-ID and are looked at for a letter that quotes it. */
  threadsLookedAtMax: 20,
  /** How long it is remembered which letters came, after what they said was erased. */
  lettersRememberedMs: 180 * 24 * 3_600_000,
  /** What is over is forgotten this often, and at most so many conversations at a time. */
  forgetEveryMs: 3_600_000,
  forgottenAtOnceMax: 500,
} as const;

/** Who has read a letter (mobile-lite/src/device/receipts.ts, read-words.ts; gateway/conversation/sealed-events.ts). */
export const READING_LIMITS = {
  /** Between a receipt that the relay has noted and the next one: half of framesPerSecondMax is left to answers. */
  receiptPauseMs: 100,
  /** Others who are named beneath a letter; the rest is counted. */
  othersNamedMax: 3,
  /** What a `status` event says is filled up to a multiple of this, so that its length tells neither who nor what. */
  statusStepBytes: 256,
} as const;

/** Filing in the patient's record (gateway/filing). */
export const FILING_LIMITS = {
  /** How long before its end a conversation that was not filed is recalled; of a shorter life, the last of so many parts. */
  reminderLeadMs: 24 * 3_600_000,
  reminderLifeParts: 4,
  remindersAtOnceMax: 200,
  /** What was accepted keeps its conversation readable for so long, so that a crash in between does not lose it. */
  compiledWithinMs: 3_600_000,
  /** Letters and answers of one exchange. */
  entriesMax: 500,
  /** Name of an organisation, of a profession. */
  nameMaxCharacters: 120,
  /** Words of one exchange: more does not go on the pages of its document, however narrow its letters. */
  textMaxCharacters: 5_000_000,
  /** Pages of the document of one exchange: at 60 lines each, far above what two people write in a week. */
  pagesMax: 500,
} as const;

/** How a letter presses (gateway/conversation/judge-urgency.ts), and the rules of a mailbox for it. */
export const URGENCY_LIMITS = {
  rulesPerMailboxMax: 50,
  ruleMaxCharacters: 120,
  unitMaxCharacters: 30,
  /** Results judged before others have their turn on the event loop. */
  resultsInARow: 50,
  /** Reasons told of one letter: the gravest. */
  reasonsMax: 20,
  phonesMax: 5,
  /** Of a label or a value in a reason. */
  wordMaxCharacters: 120,
  /** Of a value that is compared: a longer one is prose. */
  valueMaxCharacters: 80,
  phoneMaxCharacters: 40,
} as const;

/** Notices to proven senders of letters that could not be opened (gateway/dispatch). */
export const NOTICE_LIMITS = {
  /** To one sender within a day, whatever the mailbox; above it the letter is held and nothing is said outside. */
  perSenderAndDayMax: 3,
  /** Letters of one claimed sender held for one mailbox within an hour; above it nothing is said outside. */
  failuresPerSenderAndHourMax: 5,
} as const;

/** Quarantine, for the operator (cli). */
export const OPPOSITION_LIMITS = {
  /** Of a patient's family or given name: what stands behind is not compared. */
  nameMaxCharacters: 200,
  nameWordsMax: 12,
  /** Of the words that say who recorded an opposition. */
  recordedByMaxCharacters: 100,
  /** Keyed digests asked for at once. */
  keysPerQueryMax: 500,
} as const;

export const QUARANTINE_LIMITS = {
  /** How long a command waits until the running gateway has done what it asked. */
  outcomeWaitMs: 20_000,
  outcomeLookMs: 250,
} as const;

/** The antivirus daemon (gateway/antivirus). */
export const ANTIVIRUS_LIMITS = {
  chunkBytes: 64 * KIBIBYTE,
  connectTimeoutMs: 5_000,
  /** One file from its first byte to the answer; clamd itself gives up after two minutes (MaxScanTime). */
  scanTimeoutMs: 150_000,
  /** All files of one letter together: past it none is begun. */
  filesTimeoutMs: 300_000,
  /** A letter that came to no verdict after so long is tried again beside at most so many of its kind. */
  slowFromMs: 30_000,
  slowLettersMax: 4,
  /** An answer to a single word. */
  wordTimeoutMs: 10_000,
  answerMaxBytes: 4 * KIBIBYTE,
  nameMaxCharacters: 120,
  /** How often a file is sent again at once whose connection ended in its middle. */
  brokenOffMax: 2,
  /** How long nothing is tried after nobody answered. */
  restMs: 5_000,
  /** Signatures older than this are told by `estafette doctor`. */
  signaturesOldMs: 3 * 24 * 3_600_000,
} as const;

/** The operator's file of trust spaces (gateway/trust-spaces). */
export const SPACE_LIMITS = {
  fileMaxBytes: MEBIBYTE,
  spacesMax: 20,
  hoursMax: 24 * 30,
  connectionsPerDomainMax: 50,
  /** Where the file does not say. */
  connectionsPerDomainUsual: 4,
  /** A file of authorities or a certificate that it names. */
  certificateFileMaxBytes: 4 * MEBIBYTE,
  /** Faults of one file that are told at once. */
  faultsToldMax: 10,
} as const;

/** `estafette reload` (cli). */
export const RELOAD_LIMITS = {
  /** How long the command waits for the running server; a new trust list may have to be fetched. */
  outcomeWaitMs: 60_000,
  outcomeLookMs: 100,
} as const;

/** Certificates of TLS peers (gateway/envelope/judge-peer.ts). */
export const PEER_LIMITS = {
  chainMax: 10,
  certificateMaxBytes: 64 * KIBIBYTE,
  /** How long a judgement counts: a good one, and one that another look might change. */
  goodKeptMs: 60_000,
  otherKeptMs: 5_000,
  judgementsKeptMax: 1_000,
  /** One judgement in a worker, on a busy machine too. */
  timeoutMs: 10_000,
  /** How long it waits for a worker: an answer to MAIL must come within five minutes (RFC 5321 §4.5.3.2.2). */
  waitMaxMs: 30_000,
  /** Judgements that go ahead of waiting letters, in a row. */
  aheadInARowMax: 16,
} as const;

/** Accounts of one's own software (gateway/accounts, cli). */
export const ACCOUNT_LIMITS = {
  accountsMax: 1_000,
  certificatesMax: 10,
  rightsMax: 200,
  nameMaxCharacters: 64,
  passwordMinCharacters: 12,
  passwordMaxBytes: 1_024,
  /** scrypt (RFC 7914): 64 MiB and about a tenth of a second for each try. */
  scryptCost: 65_536,
  scryptBlockSize: 8,
  scryptParallelization: 1,
  scryptMaxMemoryBytes: 96 * MEBIBYTE,
  saltBytes: 16,
  hashBytes: 32,
} as const;

/** Mail going out (gateway/dispatch). */
export const DISPATCH_LIMITS = {
  /** A finished mail, all of it: what Mon espace santé takes (ENS MES), and the usual limit elsewhere. */
  mailMaxBytes: 25_000_000,
  connectionTimeoutMs: 20_000,
  /** From the connection to the end of STARTTLS and EHLO. */
  setupTimeoutMs: 60_000,
  /** Silence of the other side; it may be thinking after the final dot (RFC 5321 §4.5.3.2.6 has ten minutes). */
  socketTimeoutMs: 600_000,
  /** One attempt, from the look-up of the domain to the answer after the dot, however many are asked, however busy the line. */
  attemptMaxMs: 1_200_000,
  answerMaxBytes: 64 * KIBIBYTE,
  dnsTimeoutMs: 5_000,
  /** Addresses of mail exchangers that are tried in one attempt. */
  exchangersTriedMax: 5,
  /** A connection is kept this long for the next mail, and for so many mails and so long in all. */
  keptIdleMs: 10_000,
  keptMails: 100,
  keptMaxMs: 300_000,
  /** Attempts at the same time, to all domains together. */
  attemptsAtOnceMax: 100,
  /** Pauses between attempts: the first, doubling to the longest; with jitter. */
  firstRetryMs: 5_000,
  longestRetryMs: 3_600_000,
  /** A mail whose space has no way out any more is tried this long, as long as any space would by itself. */
  withoutWayHours: 48,
  /** A domain that could not be reached rests: first for so long, then twice as long. */
  restFirstMs: 5_000,
  restMaxMs: 900_000,
  domainsRememberedMax: 10_000,
  /** The written mark of an attempt under way counts this long and is renewed this often: nobody else tries meanwhile. */
  markMs: 20_000,
  markRenewedEveryMs: 5_000,
  /** Without a report by then a mail that asked for one is "unconfirmed". */
  confirmationUrgentMs: 300_000,
  confirmationMs: 3_600_000,
  /** A delay that a report told of a mail that has left counts this long: others give up by then (RFC 5321 §4.5.4.1). */
  reportedDelayMaxMs: 5 * 24 * 3_600_000,
  /** A conversation outlives the last attempt for an answer by this, so that its end can be told. */
  lastWordMs: 3_600_000,
  /** A stop waits this long for attempts that run; then they are broken off. */
  closeGraceMs: 5_000,
  /** The address of a recipient is kept this long after the mail has ended. */
  recipientKeptMs: 30 * 24 * 3_600_000,
  recipientsForgottenEveryMs: 3_600_000,
  /** What `estafette queue list` shows at most of each kind. */
  listedMax: 500,
  /** Jobs given up that are kept for the operator. */
  givenUpKept: 1_000,
  /** How long a command waits until the running gateway has done what it asked. */
  outcomeWaitMs: 20_000,
  outcomeLookMs: 250,
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

/** What is read of automatic mail, and how much of it comes in and goes out (gateway/reports). */
export const REPORT_LIMITS = {
  /** Beginning of a mail that is looked at for what it says of another. */
  readMaxBytes: 512 * KIBIBYTE,
  fieldsMax: 500,
  fieldMaxCharacters: 16 * KIBIBYTE,
  lineMaxCharacters: 4 * KIBIBYTE,
  partsMax: 50,
  depthMax: 4,
  /** Recipients one report may speak of, ids it may quote. */
  recipientsMax: 100,
  idsMax: 100,
  /** Words in which an out-of-office is recognised and its end is looked for. */
  wordsMaxCharacters: 2_000,
  /** The end of an absence lies at most this far ahead; named without its year, at most so far. */
  absenceDaysMax: 400,
  absenceWithoutYearDaysMax: 200,
  /** Lines of automatic mail shown within an hour: of one correspondent, and in one mailbox. */
  noticesPerPairAndHourMax: 5,
  noticesPerMailboxAndHourMax: 60,
  /** Automatic mails that leave within an hour: to one correspondent, and from one mailbox. */
  mailsPerPairAndHourMax: 60,
  mailsPerMailboxAndHourMax: 600,
  /** A correspondent who writes more letters than this within an hour gets no automatic mail any more. */
  lettersPerPairAndHourMax: 100,
  /** Hosts a letter may have come through (RFC 5321 §6.3). */
  hopsMax: 50,
  absenceTextMaxCharacters: 2_000,
} as const;

/** The signed list of domains and operators of a trust space (gateway/trust-list). */
export const TRUST_LIST_LIMITS = {
  /** The real one has 4 MB. */
  listMaxBytes: 32 * MEBIBYTE,
  rowsMax: 60_000,
  elementsMax: 600_000,
  depthMax: 16,
  attributesMax: 16,
  signatureMaxCharacters: 64 * KIBIBYTE,
  certificateMaxBytes: 16 * KIBIBYTE,
  rsaModulusMinBits: 2_048,
  authoritiesMax: 32,
  authoritiesFileMaxBytes: 512 * KIBIBYTE,
  /** Authorities above the signer. */
  chainMax: 4,
  nameMaxCharacters: 1_000,
  namePartsMax: 32,
  /** Rows that are not understood, told one by one. */
  oddRowsToldMax: 100,
  /** A list may be dated ahead of our clock by this much. */
  clockSkewMs: 5 * 60_000,
  /** A list that is fetched again and again, and never renewed: when this is told, and when it counts no longer. */
  generationAlarmMs: 7 * 24 * 3_600_000,
  generationMaxMs: 30 * 24 * 3_600_000,
  fetchTimeoutMs: 60_000,
  responseHeaderMaxBytes: 16 * KIBIBYTE,
  /** After a failure the list is fetched again after this pause, doubling up to its ordinary one. */
  firstRetryMs: 60_000,
  /** One list in its worker. */
  readTimeoutMs: 30_000,
  workerHeapMaxMib: 768,
} as const;
