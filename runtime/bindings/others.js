/** Cloudflare's smaller bindings as an interpreter sees them: rate limits, analytics, images, assets. */

import { call, Chain, extend } from "./call.js";

export class Ratelimit extends Chain {
  /** @param {object} options */
  async limit(options) {
    return (await call(this, "limit", [options])).result;
  }
}

export class AnalyticsEngineDataset extends Chain {
  /** It waits for nothing, as on Cloudflare. @param {object} [point] */
  writeDataPoint(point) {
    call(this, "writeDataPoint", [point]).catch(() => {});
  }
}

export class ImagesBindingImpl extends Chain {
  /** @param {ReadableStream} stream @param {object} [options] */
  async info(stream, options) {
    return (await call(this, "info", [stream, options])).result;
  }

  /** @param {ReadableStream} stream @param {object} [options] */
  input(stream, options) {
    return extend(this, ImageTransformerImpl, "input", [stream, options]);
  }
}

export class ImageTransformerImpl extends Chain {
  /** @param {object} transform */
  transform(transform) {
    return extend(this, ImageTransformerImpl, "transform", [transform]);
  }

  /** @param {unknown} image @param {object} [options] */
  draw(image, options) {
    return extend(this, ImageTransformerImpl, "draw", [image, options]);
  }

  /** @param {object} options */
  async output(options) {
    const { contentType, image } = (await call(this, "output", [options])).result;
    return new ImageTransformationResultImpl(contentType, image);
  }
}

export class ImageTransformationResultImpl {
  #contentType;
  #image;

  /** @param {string} contentType @param {ReadableStream} image */
  constructor(contentType, image) {
    this.#contentType = contentType;
    this.#image = image;
  }

  contentType() {
    return this.#contentType;
  }

  image() {
    return this.#image;
  }

  response() {
    return new Response(this.#image, { headers: { "content-type": this.#contentType } });
  }
}

/** Static assets. */
export class AssetsFetcher extends Chain {
  /** @param {any} input @param {any} [init] */
  async fetch(input, init) {
    return (await call(this, "fetch", [new Request(input, init)])).result;
  }
}

// Upstream's SDK knows the class by its name.
Object.defineProperty(AssetsFetcher, "name", { value: "Fetcher" });
