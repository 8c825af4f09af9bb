// What the options of a connection mean to the core.

import { DEFAULTS, type TransportConfig } from "../../connection/config.ts";
import { LONGEST_LATENESS } from "../../io/driver.ts";
import type { TransportOptions } from "./options.ts";
import { qlogFactory } from "./qlog.ts";

/** What the options mean to the core; `defaults` fills the gaps. */
export function transportConfig(
  options: TransportOptions,
  defaults: TransportConfig,
): TransportConfig {
  const window = options.initialReceiveWindow;
  checkKeepAlive(options, defaults);
  return {
    ...defaults,
    timerLateness: LONGEST_LATENESS,
    ...defined({
      keepAliveInterval: atLeast("keepAliveInterval", options.keepAliveInterval, 0),
      maxIdleTimeout: atLeast("maxIdleTimeout", options.maxIdleTimeout, 0),
      pathIdleTimeout: atLeast("pathIdleTimeout", options.pathIdleTimeout, 1),
      handshakeTimeout: atLeast("handshakeTimeout", options.handshakeTimeout, 1),
      maxBidirectionalStreams: atLeast(
        "maxConcurrentBidirectionalStreams",
        options.maxConcurrentBidirectionalStreams,
        0,
      ),
      maxUnidirectionalStreams: atLeast(
        "maxConcurrentUnidirectionalStreams",
        options.maxConcurrentUnidirectionalStreams,
        0,
      ),
      maxConcurrentPaths: atLeast("maxConcurrentPaths", options.maxConcurrentPaths, 1),
      initialCongestionWindow: atLeast(
        "initialCongestionWindow",
        options.initialCongestionWindow,
        2,
      ),
      ackFrequency: atLeast("ackFrequency", options.ackFrequency, 1),
      maxDatagramSize: payloadSize(options.maxUdpPayloadSize),
      spinBit: options.spinBit,
      scheduler: options.scheduler,
      dropDuplicateDatagrams: options.dropDuplicateDatagrams,
      reinjection: options.reinjection,
      streamOrder: options.streamOrder,
      congestionControl: options.congestionControl,
    }),
    qlog: qlogFactory(options.qlog, options.onQlogError),
    ...windows(atLeast("initialReceiveWindow", window, 16_384), defaults),
  };
}

/** A connection that is given up before it is kept alive is not kept alive. */
function checkKeepAlive(options: TransportOptions, defaults: TransportConfig): void {
  const { keepAliveInterval: interval = 0, maxIdleTimeout: timeout = defaults.maxIdleTimeout } =
    options;
  if (!(interval > 0 && timeout > 0 && interval >= timeout)) return;
  throw new TypeError(
    `Cannot use ${interval} for keepAliveInterval: it must be less than maxIdleTimeout, ${timeout}`,
  );
}

function windows(
  window: number | undefined,
  defaults: TransportConfig,
): Partial<TransportConfig> {
  if (window === undefined) return {};
  return {
    connectionWindow: window,
    streamWindow: Math.min(window, defaults.streamWindow),
    maxConnectionWindow: Math.max(window, defaults.maxConnectionWindow),
  };
}

function atLeast(name: string, value: number | undefined, least: number): number | undefined {
  if (value === undefined || Number.isFinite(value) && value >= least) return value;
  throw new TypeError(`Cannot use ${value} for ${name}: it must be a number from ${least} on`);
}

function payloadSize(size: number | undefined): number | undefined {
  const most = DEFAULTS.maxDatagramSize;
  if (size === undefined || Number.isInteger(size) && size >= 1_200 && size <= most) return size;
  throw new TypeError(
    `Cannot use ${size} for maxUdpPayloadSize: it must be a whole number from 1200 to ${most}`,
  );
}

/** Without the fields that are undefined, so that they do not hide defaults. */
function defined<T extends object>(fields: T): { [K in keyof T]: NonNullable<T[K]> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: NonNullable<T[K]> };
}
