/** A saved query for the logs. docs/operations.md shows the same text. */
export interface Query {
  readonly name: string;
  readonly text: string;
}

/** The saved queries, in the language of CloudWatch Logs Insights. */
export const queries: readonly Query[] = [
  {
    name: 'one-request',
    text: `fields @timestamp, @message
| filter "ID" in [requestId, extendedRequestId, clientRequestId]
| sort @timestamp`,
  },
  {
    name: 'one-session',
    text: `fields @timestamp, contract, command, outcome, reason, clientRequestId, xray_trace_id
| filter session = "HASH"
| sort @timestamp`,
  },
  {
    name: 'refusals-over-time',
    text: `filter ispresent(totalMs) and outcome != "refreshed"
| stats count(*) by outcome, bin(5m)`,
  },
  {
    name: 'slowest-requests',
    text: `fields @timestamp, contract, outcome, totalMs, storageMs, storageRequests, coldStart, requestId
| filter ispresent(totalMs)
| sort totalMs desc
| limit 20`,
  },
];
