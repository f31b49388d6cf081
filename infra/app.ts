import { App } from 'aws-cdk-lib';
import { addChecks } from './checks.ts';
import { RefreshStack } from './refresh-stack.ts';
import { settingsOf } from './settings.ts';

const app = new App();
const stage: unknown = app.node.tryGetContext('stage') ?? 'dev';
const settings = settingsOf(stage);
new RefreshStack(app, `SessionRefresh-${stage}`, { settings });
addChecks(app);
app.synth();
