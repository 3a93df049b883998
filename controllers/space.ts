import type { RequestHandler } from 'express'
import { success } from '../app/envelope.ts'
import { describeSpace } from '../app/space/describe.ts'
import { required } from './required.ts'

export const read: RequestHandler = async (req, res) => {
  res.json(success(await describeSpace(req.services, required(req.user))))
}
