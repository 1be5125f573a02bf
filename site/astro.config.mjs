/** The site: the pages that scripts/site.mjs makes of docs, with a side bar, a search and a dark mode. Nothing is asked of a network. */
import starlight from '@astrojs/starlight'
import { defineConfig, passthroughImageService } from 'astro/config'
import { sideBar } from './side-bar.mjs'

export default defineConfig({
  // Pictures are SVG: there is nothing to scale.
  image: { service: passthroughImageService() },
  devToolbar: { enabled: false },
  telemetry: false,
  integrations: [
    starlight({
      title: 'Holdfast',
      description: 'Distributed locks for TypeScript that stay correct',
      sidebar: sideBar(),
      customCss: ['./site.css'],
      disable404Route: true,
      // The blocks of the pages are in the languages of the documentation and of nothing else.
      expressiveCode: { shiki: { langAlias: { text: 'txt' } } },
      credits: false,
    }),
  ],
})
