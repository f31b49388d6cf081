import { assumed } from './assumptions.ts';
import type { Fixed, Subject } from './facts.ts';
import { prices } from './prices.ts';
import { tiered } from './tiers.ts';

/** A month's bill, in dollars. */
export interface Bill {
  readonly gateway: number;
  readonly lambda: number;
  readonly table: number;
  readonly logs: number;
  readonly egress: number;
  readonly traces: number;
  /** Metrics, alarms, dashboard and keys. */
  readonly fixed: number;
}

/** What a month of so many refreshes a day costs. */
export function bill(subject: Subject, fixed: Fixed, perDay: number): Bill {
  const refreshes = perDay * assumed.daysPerMonth;
  const { line, access } = subject.logs;
  const logged = line * refreshes * 1e-9;
  const accessed = access * refreshes * 1e-9;
  return {
    gateway: tiered(refreshes, prices.gateway.tiers),
    lambda:
      tiered(refreshes, prices.invocation.tiers) +
      tiered(
        (refreshes * assumed.lambdaGB * billedMs(subject)) / 1000,
        prices.gigabyteSecond.tiers,
      ),
    table: tableCost(subject, perDay),
    logs:
      tiered(logged, prices.lambdaLog.tiers) +
      tiered(accessed, prices.log.tiers) +
      keptCost(logged + accessed),
    egress: egressCost(subject, refreshes),
    traces: tiered(
      tracesASecond(perDay / 86_400) * 86_400 * assumed.daysPerMonth,
      prices.trace.tiers,
    ),
    fixed: fixedCost(fixed) + keysCost(subject, perDay / 86_400),
  };
}

/** All of a bill. */
export function total(bill: Bill): number {
  return Object.values(bill).reduce((sum, part) => sum + part, 0);
}

/** How long a warm refresh takes a Lambda of 512 MB, in ms. */
export function durationMs({ cpuMs, write, read, requests }: Subject): number {
  const { runtimeMs, writeMs, readMs, secondRequestCpuMs, lambdaCore } = assumed;
  const cpu = cpuMs + (requests - 1) * secondRequestCpuMs;
  return runtimeMs + cpu / lambdaCore + (write > 0 ? writeMs : 0) + (read > 0 ? readMs : 0);
}

/** What is charged for it, cold starts included: every call is rounded up to a millisecond. */
export function billedMs(subject: Subject): number {
  return Math.ceil(durationMs(subject)) + assumed.coldShare * assumed.coldMs;
}

/**
 * How many Lambdas so many refreshes a second take: as many as are busy at once, and one for every ten,
 * which is what AWS lets one serve however short they are.
 */
export function lambdas(subject: Subject, perSecond: number): number {
  return Math.ceil(Math.max((perSecond * durationMs(subject)) / 1000, perSecond / 10));
}

/** X-Ray's default rule: the first request of a second, and a twentieth of the others. */
export function tracesASecond(perSecond: number): number {
  return Math.min(perSecond, 1) + Math.max(0, perSecond - 1) * 0.05;
}

/** What the table costs: refreshes, the sessions that were opened for them, and keeping those. */
export function tableCost(
  { write, read, opening, stored, daysStored }: Subject,
  perDay: number,
): number {
  const refreshes = perDay * assumed.daysPerMonth;
  const sessions = perDay / assumed.perSession;
  return (
    tiered(refreshes * write + sessions * assumed.daysPerMonth * opening, prices.write.tiers) +
    tiered(refreshes * read, prices.read.tiers) +
    tiered(sessions * daysStored * stored * 1e-9, prices.storage.tiers)
  );
}

/** What the answers cost on their way out. */
export function egressCost({ answer }: Subject, refreshes: number): number {
  return tiered(refreshes * (answer + assumed.headers) * 1e-9, prices.egress.tiers);
}

/** What keeping logs costs that grow by so many GB a month. */
export function keptCost(gigabytes: number): number {
  return tiered(gigabytes * assumed.logKept * assumed.logMonths, prices.keptLog.tiers);
}

/** What the stack costs before anyone calls. */
export function fixedCost({ metrics, alarms, dashboards, secrets }: Fixed): number {
  return (
    tiered(metrics, prices.metric.tiers) +
    tiered(alarms, prices.alarm.tiers) +
    tiered(dashboards, prices.dashboard.tiers) +
    tiered(secrets, prices.secret.tiers)
  );
}

/** What it costs that every Lambda reads its keys every five minutes. */
function keysCost(subject: Subject, perSecond: number): number {
  const readings = (assumed.daysPerMonth * 86_400) / 300;
  const reads = lambdas(subject, perSecond) * subject.secretsRead * readings;
  return tiered(reads, prices.secretRead.tiers);
}
