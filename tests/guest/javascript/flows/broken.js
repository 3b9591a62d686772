export class Broken extends WorkflowEntrypoint {}
