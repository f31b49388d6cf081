/** What `npm run bench` measured: CPU ms of a refresh in process, and refreshes a second of `npm start`. */
export const measured = {
  cpuMs: { eos: 0.93, s360: 0.95, ccstore: 0.93 },
  /** At 32 connections, the client and the table on the same two cores. */
  perSecond: { eos: 1331, s360: 1163, ccstore: 1491 },
} as const;

/** What nobody has measured, and what it means: it takes a deployment, or a year of shoppers. */
export const stated = {
  lambdaCore: [
    512 / 1769,
    'the share of a core that a Lambda of 512 MB has; one of 1,769 MB has one',
  ],
  lambdaGB: [0.5, 'what a Lambda is charged as'],
  runtimeMs: [1, "the runtime's own part of a duration"],
  writeMs: [4, 'a write of DynamoDB, there and back'],
  readMs: [3, 'a strongly consistent read'],
  secondRequestCpuMs: [0.4, 'CPU of a second storage request'],
  coldShare: [0.001, 'the refreshes that begin a Lambda'],
  coldMs: [300, 'what beginning adds to the billed duration'],
  peak: [3, 'how much busier the busiest second of a day is than the mean one'],
  perSession: [20, 'refreshes of a session'],
  perShopper: [80, 'refreshes of a shopper in a month'],
  headers: [700, 'bytes of headers, of an answer or a request'],
  logKept: [0.15, 'what is left of a log that is kept, compressed'],
  logMonths: [3, 'how many months of logs are kept: `logRetentionDays` of `prod`'],
  eventBytes: [26, 'bytes that CloudWatch Logs counts for an event beside its text'],
  taskCores: [1, 'cores of a container'],
  taskGB: [2, 'its memory'],
  taskBusy: [0.5, 'how busy containers are kept'],
  tasksAtLeast: [2, 'how many there are at least'],
  daysPerMonth: [30, 'days of a month'],
} as const satisfies Record<string, readonly [value: number, meaning: string]>;

/** The values alone. */
export const assumed = Object.fromEntries(
  Object.entries(stated).map(([name, [value]]) => [name, value]),
) as Readonly<Record<keyof typeof stated, number>>;
