/** The twins of `helpers.py`. */

export async function announce(step, text) {
  await step.do("announce", async () => text);
}

export class Mailer {
  constructor(step) {
    this.step = step;
  }

  async send(text) {
    return await this.step.do("mail", async () => text);
  }
}
