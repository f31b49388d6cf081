import { assumed } from './assumptions.ts';
import { egressCost, fixedCost, keptCost, tableCost } from './bill.ts';
import type { Fixed, Subject } from './facts.ts';
import { type Price, prices } from './prices.ts';
import { tiered } from './tiers.ts';

/** What Cognito charges for a month of these users, however often each of them refreshes. */
export function cognitoCost(users: number, { tiers }: Price): number {
  return tiered(users, tiers);
}

/** Above how many refreshes in a month a user costs less than so much for a million of them. */
export function breakEven(perMillion: number, perUser: number): number {
  return (perUser / perMillion) * 1e6;
}

/** A month of the same handlers in containers behind a load balancer, over the same table. */
export interface Container {
  /** The mean number of tasks: they follow the load. */
  readonly tasks: number;
  /** Tasks and load balancer. */
  readonly compute: number;
  /** With the table, logs, answers and what is fixed. */
  readonly total: number;
}

/** What so many refreshes a day cost in containers. */
export function container(subject: Subject, fixed: Fixed, perDay: number): Container {
  const refreshes = perDay * assumed.daysPerMonth;
  const hours = assumed.daysPerMonth * 24;
  const { taskBusy, taskCores, taskGB, tasksAtLeast, headers } = assumed;
  const perSecond = perDay / 86_400;
  const tasks = Math.max(tasksAtLeast, Math.ceil(perSecond / (subject.perSecond * taskBusy)));
  // A shopper's connection is gone by the next refresh; requests are as large as their headers.
  const bytesAnHour = (subject.answer + 2 * headers) * perSecond * 3600;
  const units = Math.max(perSecond / 25, bytesAnHour * 1e-9);
  const compute =
    tiered(tasks * taskCores * hours, prices.vcpuHour.tiers) +
    tiered(tasks * taskGB * hours, prices.memoryHour.tiers) +
    tiered(hours, prices.balancerHour.tiers) +
    tiered(units * hours, prices.balancerUnit.tiers);
  const { line } = subject.logs;
  const logged = line * refreshes * 1e-9;
  return {
    tasks,
    compute,
    total:
      compute +
      tableCost(subject, perDay) +
      tiered(logged, prices.log.tiers) +
      keptCost(logged) +
      egressCost(subject, refreshes) +
      fixedCost(fixed),
  };
}
