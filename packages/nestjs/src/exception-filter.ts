/** Errors of the library as answers that clients understand. */
import { type ArgumentsHost, Catch } from '@nestjs/common'
import { BaseExceptionFilter, type HttpAdapterHost } from '@nestjs/core'
import { HoldfastError, httpAnswer } from 'holdfast'

/**
 * Answers errors of the library over HTTP with 409, 423 or 503 and a problem body; mistakes of the program become a 500 as before. In other
 * contexts, such as microservices, the error goes on. Registered by `HoldfastModule.forRoot({ filter: true, … })`.
 */
export class HoldfastExceptionFilter extends BaseExceptionFilter {
  readonly #host: HttpAdapterHost

  constructor(host: HttpAdapterHost) {
    super(host.httpAdapter)
    this.#host = host
  }

  override catch(error: HoldfastError, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw error
    const answer = httpAnswer(error)
    const response: unknown = host.switchToHttp().getResponse()
    const { httpAdapter } = this.#host
    if (answer === undefined || httpAdapter.isHeadersSent(response)) {
      return this.handleUnknownError(error, host, httpAdapter)
    }
    for (const [name, value] of Object.entries(answer.headers)) httpAdapter.setHeader(response, name, value)
    httpAdapter.reply(response, answer.body, answer.status)
  }
}

Catch(HoldfastError)(HoldfastExceptionFilter)
