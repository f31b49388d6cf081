import { App } from 'aws-cdk-lib';
import { addChecks } from './checks.ts';
import { RefreshStack } from './refresh-stack.ts';
import { readStage } from './stages.ts';

const app = new App();
const stage = await readStage(app.node.tryGetContext('stage'));
if ('problem' in stage) {
  // Without a stack trace: the sentence is for the person at the terminal.
  console.error(stage.problem);
  process.exit(1);
}
new RefreshStack(app, `SessionRefresh-${stage.name}`, { stage });
addChecks(app);
app.synth();
