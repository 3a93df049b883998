import { QueryClientProvider } from '@tanstack/preact-query'
import { useEffect, useState } from 'preact/hooks'
import { ErrorBoundary, LocationProvider, Route, Router } from 'preact-iso'
import { assetQuery } from './api/assets.ts'
import { queries } from './api/query.ts'
import { useSession } from './api/session.ts'
import { at, BASE_PATH } from './base.ts'
import { Toasts } from './design/toast.tsx'
import { useLazy } from './lib/use-lazy.ts'
import Gallery from './pages/gallery/gallery.tsx'
import NotFound from './pages/not-found.tsx'
import { Header } from './shell/header.tsx'
import { lazyPage } from './shell/lazy-page.tsx'
import { focusPage } from './shell/page-change.ts'
import { useHelpKey } from './shell/use-help-key.ts'
import { text } from './text.ts'
import { UploadDock } from './upload/dock.tsx'

const AssetPage = lazyPage(() => {
  // read at the same time as the page
  const [, id] = location.pathname.split(at('/a/'))
  if (id) queries.prefetchQuery(assetQuery(id))
  return import('./pages/asset/asset.tsx')
})
const LinkPage = lazyPage(() => import('./pages/link/link.tsx'))
const Embed = lazyPage(() => import('./pages/embed/embed.tsx'))
const SignIn = lazyPage(() => import('./pages/account/sign-in.tsx'))
const Register = lazyPage(() => import('./pages/account/register.tsx'))
const Account = lazyPage(() => import('./pages/account/account.tsx'))
const AdminUsers = lazyPage(() => import('./pages/admin/users.tsx'))
const AdminAssets = lazyPage(() => import('./pages/admin/assets.tsx'))
const AdminActivity = lazyPage(() => import('./pages/admin/activity.tsx'))
const Upload = lazyPage(() => import('./pages/upload/upload.tsx'))

const loadRenewal = async () => (await import('./shell/renew-session.tsx')).default
const loadShortcuts = async () => (await import('./shell/shortcuts.tsx')).default

/** The whole client: the frame of every page and the page of the address. Only the gallery is in the first load. */
export function App() {
  const [isHelping, setHelping] = useState(false)
  const Shortcuts = useLazy(loadShortcuts, isHelping)
  useHelpKey(() => setHelping(true))
  if (location.pathname.startsWith(at('/embed/'))) return <Framed />
  return (
    <QueryClientProvider client={queries}>
      <LocationProvider scope={BASE_PATH || '/'}>
        <div class="shell">
          <Header onHelp={() => setHelping(true)} />
          <Offline />
          <ErrorBoundary>
            <Router onRouteChange={focusPage}>
              <Route path={at('/')} component={Gallery} />
              <Route path={at('/a/:id')} component={AssetPage} />
              <Route path={at('/s/:token')} component={LinkPage} />
              <Route path={at('/sign-in')} component={SignIn} />
              <Route path={at('/register')} component={Register} />
              <Route path={at('/account')} component={Account} />
              <Route path={at('/admin')} component={AdminUsers} />
              <Route path={at('/admin/users')} component={AdminUsers} />
              <Route path={at('/admin/assets')} component={AdminAssets} />
              <Route path={at('/admin/activity')} component={AdminActivity} />
              <Route path={at('/upload')} component={Upload} />
              <Route default component={NotFound} />
            </Router>
          </ErrorBoundary>
        </div>
        <UploadDock />
        <EndedSession />
        {Shortcuts && isHelping && <Shortcuts onClose={() => setHelping(false)} />}
        <Toasts />
      </LocationProvider>
    </QueryClientProvider>
  )
}

/** The page in a frame of another page: without header, upload and sign-in. */
function Framed() {
  return (
    <QueryClientProvider client={queries}>
      <LocationProvider scope={BASE_PATH || '/'}>
        <ErrorBoundary>
          <Router>
            <Route path={at('/embed/:id')} component={Embed} />
            <Route default component={NotFound} />
          </Router>
        </ErrorBoundary>
      </LocationProvider>
    </QueryClientProvider>
  )
}

/** Says that the browser has no connection. */
function Offline() {
  const [isOnline, setOnline] = useState(navigator.onLine)
  useEffect(() => {
    const update = () => setOnline(navigator.onLine)
    addEventListener('online', update)
    addEventListener('offline', update)
    return () => {
      removeEventListener('online', update)
      removeEventListener('offline', update)
    }
  }, [])
  return <div role="status">{!isOnline && <p class="offline">{text.shell.offline}</p>}</div>
}

/** Asks to sign in again. */
function EndedSession() {
  const { ended } = useSession()
  const RenewSession = useLazy(loadRenewal, ended)
  return RenewSession && <RenewSession />
}
