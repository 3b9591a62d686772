/** What `env` has for Cloudflare's bindings, by the type of the binding: objects of classes that carry the names of workerd's. */

/** @import { Ask } from "./call.js" */

import { Ai } from "./ai.js";
import { D1Database } from "./d1.js";
import { KvNamespace } from "./kv.js";
import { AnalyticsEngineDataset, AssetsFetcher, ImagesBindingImpl, Ratelimit } from "./others.js";
import { WorkerQueue } from "./queue.js";
import { R2Bucket } from "./r2.js";

/** @type {Record<string, (ask: Ask) => object>} */
export const BINDING_FACADES = {
  kv: (ask) => new KvNamespace(ask),
  d1: (ask) => new D1Database(ask),
  r2: (ask) => new R2Bucket(ask),
  ratelimit: (ask) => new Ratelimit(ask),
  analytics_engine: (ask) => new AnalyticsEngineDataset(ask),
  images: (ask) => new ImagesBindingImpl(ask),
  assets: (ask) => new AssetsFetcher(ask),
  ai: (ask) => new Ai(ask),
  // Python's own objects take its place.
  stub: () => ({}),
  queue: (ask) => new WorkerQueue(ask),
  version_metadata: () => ({ id: crypto.randomUUID(), tag: "", timestamp: new Date().toISOString() }),
};
