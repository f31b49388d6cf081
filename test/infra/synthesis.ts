import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { contracts, sessionOwners } from '../../functions/contracts.ts';
import { RefreshStack } from '../../infra/refresh-stack.ts';
import type { Settings } from '../../infra/settings.ts';
import { settingsProblem } from '../../infra/settings-problem.ts';
import { settings as ofDev } from '../../infra/stages/dev.ts';
import { settings as ofProd } from '../../infra/stages/prod.ts';

const { context } = JSON.parse(readFileSync('cdk.json', 'utf8'));
const out = mkdtempSync(join(tmpdir(), 'synthesis-'));

/** The settings of the stages in infra/stages. */
export const stages = { dev: ofDev, prod: ofProd } satisfies Record<string, Settings>;

/** The flags of cdk.json, and one that has nothing bundled: only the template is looked at. */
export const flags = { ...context, 'aws:cdk:bundling-stacks': [] };

/** A resource of a template. */
export interface Resource {
  readonly id: string;
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into a resource without knowing its shape
  readonly Properties: Readonly<Record<string, any>>;
  readonly DependsOn?: readonly string[];
  readonly DeletionPolicy?: string;
}

/** A template as CloudFormation gets it. */
export interface Synthesized {
  readonly Resources: Readonly<Record<string, Omit<Resource, 'id'>>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>;
}

export function templateOf(stack: Stack): Synthesized {
  return Template.fromStack(stack).toJSON() as Synthesized;
}

/**
 * An app as `cdk synth` makes it, but without bundling, and without CloudFormation's own rules by
 * default: starting their engine takes ten seconds of CPU.
 */
export function newApp({ rules = false } = {}): App {
  const outdir = mkdtempSync(join(out, 'app-'));
  return new App({ context: flags, outdir, builtinCloudFormationValidation: rules });
}

/** The stack of a stage with some settings changed. */
export function stackOf(name: keyof typeof stages, changes: Partial<Settings> = {}): RefreshStack {
  const settings = { ...stages[name], ...changes };
  const problem = settingsProblem(settings);
  if (problem) throw new Error(problem);
  return new RefreshStack(newApp(), 'Stack', { stage: { name, settings } });
}

/** A custom domain. */
export const domain = {
  name: 'refresh.shop.example',
  certificateArn: 'arn:aws:acm:eu-west-1:111111111111:certificate/one',
  hostedZoneId: 'ZONE',
  hostedZoneName: 'shop.example',
};

/** Every setting that adds resources. */
export const everything: Partial<Settings> = {
  domain,
  alarmEmail: 'oncall@shop.example',
  sessionEvents: true,
  firewall: { ratePerAddress: 2000, onlyCounted: ['NoUserAgent_HEADER'] },
  accountHasLoggingRole: true,
  contracts: Object.fromEntries(
    contracts.map(({ name, serves, rotates }) => [
      name,
      {
        allowedOrigins: ['https://shop.example', 'https://www.shop.example'],
        quietMinutes: 15,
        ...(rotates && serves === name && { policy: { rotation: { grace: 60 } } }),
      },
    ]),
  ),
};

/** The templates of dev, and of dev with settings that change resources and add none. */
export const dev = templateOf(stackOf('dev'));
export const other = templateOf(
  stackOf('dev', {
    accountConcurrency: 50,
    warmThroughput: { reads: 20_000, writes: 30_000 },
    contracts: Object.fromEntries(
      sessionOwners.map(({ name, policy }) => [
        name,
        { policy: { lifetime: policy.lifetime + 1 }, throttle: { rate: 5, burst: 6 } },
      ]),
    ),
  }),
);

/** The templates of prod, and of prod with every setting that adds resources. */
export const prod = templateOf(stackOf('prod'));
export const full = templateOf(stackOf('prod', everything));

/** The resources of a type. */
export function all({ Resources }: Synthesized, type: string): readonly Resource[] {
  return Object.entries(Resources)
    .filter(([, { Type }]) => Type === type)
    .map(([id, resource]) => ({ id, ...resource, Properties: resource.Properties ?? {} }));
}

/** The only resource of a type whose logical id begins with a text. */
export function only(template: Synthesized, type: string, beginning = ''): Resource {
  const [found, ...more] = all(template, type).filter(({ id }) => id.startsWith(beginning));
  if (!found || more.length > 0) throw new Error(`expected one ${type} ${beginning}`);
  return found;
}

/**
 * A value of a template as one text: references stand in it as `{name}`, what joins them joined, so
 * that a URL or an ARN can be read.
 */
export function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  if ('Ref' in value) return `{${value.Ref}}`;
  if ('Fn::GetAtt' in value) return `{${[value['Fn::GetAtt']].flat().join('.')}}`;
  if ('Fn::Join' in value) {
    const [separator, parts] = value['Fn::Join'] as [string, unknown[]];
    return parts.map(asText).join(separator);
  }
  return JSON.stringify(value);
}
