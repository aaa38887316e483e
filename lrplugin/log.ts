// The plugin's lines in Lightroom's own log folder (LrClassicLogs/Safelight.log). Never a token, never more than a line.

const LrLogger = lightroom('LrLogger')

const logger = LrLogger('Safelight')
logger.enable('logfile')

export function logInfo(text: string): void {
  logger.info(text)
}

export function logWarning(text: string): void {
  logger.warn(text)
}
