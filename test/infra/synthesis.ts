import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { contracts, sessionOwners } from '../../functions/contracts.ts';
import { RefreshStack } from '../../infra/refresh-stack.ts';
import type { Settings } from '../../infra/settings.ts';
import { settingsProblem } from '../../infra/settings-problem.ts';
import { settings as dev } from '../../infra/stages/dev.ts';
import { settings as prod } from '../../infra/stages/prod.ts';

const { context } = JSON.parse(readFileSync('cdk.json', 'utf8'));
const out = mkdtempSync(join(tmpdir(), 'synthesis-'));

/** The settings of the stages in infra/stages. */
export const stages = { dev, prod } satisfies Record<string, Settings>;

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

const made = new Map<string, Synthesized>();

/** The template of a stage with some settings changed. */
export function synthesized(changes: Partial<Settings> = {}, stage: keyof typeof stages = 'dev') {
  const key = JSON.stringify([changes, stage]);
  const template = made.get(key) ?? templateOf(stackOf(newApp(), changes, stage));
  made.set(key, template);
  return template;
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
export function stackOf(app: App, changes: Partial<Settings>, stage: keyof typeof stages) {
  const settings = { ...stages[stage], ...changes };
  const problem = settingsProblem(settings);
  if (problem) throw new Error(problem);
  return new RefreshStack(app, 'Stack', { stage: { name: stage, settings } });
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

/** Settings that change resources of dev, and add none. */
export const changed: Partial<Settings> = {
  accountConcurrency: 50,
  warmThroughput: { reads: 20_000, writes: 30_000 },
  contracts: Object.fromEntries(
    sessionOwners.map(({ name, policy }) => [name, { policy: { lifetime: policy.lifetime + 1 } }]),
  ),
};

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

/** What a policy allows, each statement in one line. */
export function allowedBy({ Properties }: Resource): string[] {
  const statements: { Action: string | string[]; Resource: unknown; Condition?: unknown }[] =
    Properties.PolicyDocument.Statement;
  return statements.map(({ Action, Resource, Condition }) => {
    const on = [Resource].flat().map((one) => asText(one).replace(/[0-9A-F]{8}(?=[.}])/g, ''));
    const when = Condition ? ` if ${JSON.stringify(Condition)}` : '';
    return `${[Action].flat().join(', ')} on ${on.join(', ')}${when}`;
  });
}
